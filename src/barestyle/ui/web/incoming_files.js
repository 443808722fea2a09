// Pictures that are dropped anywhere on the page, or pasted.

import { create } from "./dom.js";
import { hasFiles } from "./picture_slot.js";
import { isInstant, store } from "./store.js";
import { isTrainedStyle } from "./trained_styles.js";

/**
 * Put dropped and pasted pictures into the first empty slot; if all are filled, ask which one to replace. Trained
 * styles go to their choice, or to a slot of styles while it is hidden.
 */
export function receiveFiles({ photo, styles, trained }) {
	const dialog = create("dialog", { id: "incoming", "aria-labelledby": "incoming-title" });
	let file = null;
	const use = (take) => () => {
		dialog.close();
		take(file);
	};
	dialog.append(
		create("h2", { id: "incoming-title", class: "field-title", textContent: "Use this picture as" }),
		create(
			"div",
			{ class: "dialog-actions" },
			create("button", { type: "button", class: "button", textContent: "Photo", onclick: use((each) => photo.take(each)) }),
			create("button", { type: "button", class: "button", textContent: "Style", onclick: use((each) => styles.take(each)) }),
			create("button", { type: "button", class: "quiet", textContent: "Cancel", onclick: () => dialog.close() }),
		),
	);
	document.body.append(dialog);

	function receive(incoming) {
		file = incoming;
		if (isTrainedStyle(file)) (isInstant(store.form) ? trained : store.form.vary === "styles" ? photo : styles).take(file);
		else if (!store.form.photo || isInstant(store.form)) photo.take(file);
		else if (!styles.isFull()) styles.take(file);
		else dialog.showModal();
	}

	document.addEventListener("dragover", (event) => {
		if (hasFiles(event)) event.preventDefault(); // the browser would open the file
	});
	document.addEventListener("drop", (event) => {
		if (!hasFiles(event) || event.defaultPrevented) return;
		event.preventDefault();
		if (event.dataTransfer.files[0]) receive(event.dataTransfer.files[0]);
	});
	document.addEventListener("paste", (event) => {
		const pasted = [...(event.clipboardData?.files ?? [])][0];
		if (!pasted) return;
		event.preventDefault();
		receive(pasted);
	});
}
