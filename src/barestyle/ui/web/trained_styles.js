// The trained styles: choose one, or load a file.

import { create } from "./dom.js";
import { createChoices } from "./fields.js";
import { call, uploadFile } from "./server.js";
import { change, instantValues, store } from "./store.js";

const EXTENSION = ".style";

let turns = 0;

/** Return whether a file is one of trained styles, by its name. */
export function isTrainedStyle(file) {
	return file.name.toLowerCase().endsWith(EXTENSION);
}

/**
 * Send a file to the server, and choose the first of its styles once it is accepted; throw if it is refused. The last
 * file wins.
 */
export async function loadTrainedStyle(file) {
	const turn = (turns += 1);
	const path = await uploadFile(file, store.page.limits);
	const { added, trained_styles } = await call("add_trained_style", { path });
	store.page.trained_styles = trained_styles;
	if (turn === turns) choose(added[0]);
}

function choose({ style, name }) {
	change(instantValues({ style, name }));
}

/** Create the choice. `take(file)` loads a file, and `show(form)` shows the style of the form. */
export function createTrainedStyles() {
	const choice = createChoices({
		id: "trained-style",
		legend: "Trained style",
		info: "barestyle train makes one from a painting, in minutes.",
		onChange: (value) => {
			message.textContent = "";
			choose(store.page.trained_styles[Number(value)]);
		},
		className: "choices looks",
	});
	const input = create("input", { type: "file", id: "trained-style-file", accept: EXTENSION, class: "visually-hidden" });
	const label = create("label", { class: "button" }, "Load a .style file", input);
	const message = create("p", { class: "message", role: "alert" });
	const element = create("div", { id: "trained-styles" }, choice.element, label, message);
	let shown = null;
	let files = 0;

	input.addEventListener("change", () => {
		const file = input.files[0];
		input.value = ""; // the same file can be chosen again
		if (file) take(file);
	});

	/** Load a file; say here why it is refused. */
	async function take(file) {
		const number = (files += 1);
		message.textContent = "";
		element.classList.add("is-loading");
		try {
			await loadTrainedStyle(file);
		} catch (error) {
			if (number === files) message.textContent = error.message;
		} finally {
			if (number === files) element.classList.remove("is-loading");
		}
	}

	function show(form) {
		const styles = store.page.trained_styles;
		if (styles !== shown) {
			shown = styles;
			message.textContent = ""; // another file was accepted
			choice.fill(styles.map(({ title, file, image }, index) => ({ value: String(index), title, image, hint: file })));
		}
		const chosen = styles.findIndex(({ style, name }, index) => style === form.instant.style && (name === form.instant.name || (!form.instant.name && styles.findIndex((each) => each.style === style) === index)));
		choice.show(String(chosen));
	}
	return { element, take, show };
}
