// The trained styles: choose one, or load a file.

import { create } from "./dom.js";
import { createChoices } from "./fields.js";
import { call, uploadFile } from "./server.js";
import { change, instantValues, store } from "./store.js";

const EXTENSION = ".style";
const EVENT = "trained-style";

/** Return whether a file is one of trained styles, by its name. */
export function isTrainedStyle(file) {
	return file.name.toLowerCase().endsWith(EXTENSION);
}

/** Pass on a file that was dropped or chosen where pictures belong. */
export function passTrainedStyle(file) {
	document.dispatchEvent(new CustomEvent(EVENT, { detail: file }));
}

/** Create the choice. `show(form)` shows the style of the form. */
export function createTrainedStyles() {
	const choice = createChoices({
		id: "trained-style",
		legend: "Trained style",
		info: "barestyle train makes one from a painting, in minutes.",
		onChange: (value) => choose(store.page.trained_styles[Number(value)]),
		className: "choices looks",
	});
	const input = create("input", { type: "file", id: "trained-style-file", accept: EXTENSION, class: "visually-hidden" });
	const label = create("label", { class: "button" }, "Load a .style file", input);
	const message = create("p", { class: "message", role: "alert" });
	const element = create("div", { id: "trained-styles" }, choice.element, label, message);
	let shown = null;
	let turns = 0;

	input.addEventListener("change", () => {
		const file = input.files[0];
		input.value = ""; // the same file can be chosen again
		if (file) take(file);
	});
	document.addEventListener(EVENT, (event) => take(event.detail));

	function choose({ style, name }) {
		message.textContent = "";
		change(instantValues({ style, name }));
	}

	/** Send a file to the server, and use the first of its styles. The last file wins. */
	async function take(file) {
		const turn = (turns += 1);
		message.textContent = "";
		change(instantValues({})); // what is refused is said where trained styles are chosen
		element.classList.add("is-loading");
		try {
			const path = await uploadFile(file, store.page.limits);
			const answer = await call("add_trained_style", { path });
			store.page.trained_styles = answer.trained_styles;
			if (turn === turns) choose(answer.added[0]);
		} catch (error) {
			if (turn === turns) message.textContent = error.message;
		} finally {
			if (turn === turns) element.classList.remove("is-loading");
		}
	}

	function show(form) {
		const styles = store.page.trained_styles;
		if (styles !== shown) {
			shown = styles;
			choice.fill(styles.map(({ title, file, image }, index) => ({ value: String(index), title, image, hint: file })));
		}
		const chosen = styles.findIndex(({ style, name }, index) => style === form.instant.style && (name === form.instant.name || (!form.instant.name && styles.findIndex((each) => each.style === style) === index)));
		choice.show(String(chosen));
	}
	return { element, show };
}
