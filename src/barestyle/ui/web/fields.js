// Fields of the form: groups of radio buttons or check boxes, and numbers.

import { create, newId } from "./dom.js";

/**
 * Create a group of choices. With `isMultiple` they are check boxes, otherwise radio buttons, which the arrow keys move
 * through. Each option has a value and a title, and may have an image and a note.
 */
export function createChoices({ id, legend, info = "", isMultiple = false, onChange, className = "choices" }) {
	const infoId = newId("info");
	const list = create("div", { class: className });
	const note = create("p", { id: infoId, class: "info", textContent: info });
	const element = create("fieldset", { id, "aria-describedby": infoId });
	element.append(create("legend", { class: "field-title", textContent: legend }), list, note);
	const name = newId("choice");
	let inputs = [];
	const notes = {};

	function fill(options) {
		inputs = [];
		list.replaceChildren(
			...options.map((option) => {
				const input = create("input", { type: isMultiple ? "checkbox" : "radio", name, value: option.value });
				input.addEventListener("change", () => onChange(selected()));
				inputs.push(input);
				notes[option.value] = create("span", { class: "choice-note" });
				const image = option.image ? create("img", { src: option.image, alt: "" }) : null;
				const title = create("span", { class: "choice-title", textContent: option.title });
				return create("label", { title: option.hint ?? "" }, input, image, title, notes[option.value]);
			}),
		);
	}

	function selected() {
		const values = inputs.filter((input) => input.checked).map((input) => input.value);
		return isMultiple ? values : values[0];
	}

	function show(value, text = null) {
		for (const input of inputs) input.checked = isMultiple ? value.includes(input.value) : input.value === value;
		if (text !== null && note.textContent !== text) note.textContent = text;
	}

	function annotate(texts) {
		for (const [value, node] of Object.entries(notes)) node.textContent = texts[value] ?? "";
	}
	return { element, fill, show, annotate };
}

/**
 * Create a number: a slider and a field. An empty field, or a number out of range, is replaced by the last good one
 * when the field is left.
 */
export function createNumber({ id, label, info = "", min, max, step, fieldStep = step, onChange }) {
	const inputId = newId("number");
	const infoId = newId("info");
	const slider = create("input", { type: "range", min, max, step, id: inputId, "aria-describedby": infoId });
	const field = create("input", { type: "number", min, max, step: fieldStep, "aria-label": `${label}, exact value` });
	const note = create("p", { id: infoId, class: "info", textContent: info });
	const element = create("div", { id, class: "number" });
	element.append(
		create("label", { class: "field-title", for: inputId, textContent: label }),
		create("div", { class: "number-row" }, slider, field),
		note,
	);
	let current = min;

	slider.addEventListener("input", () => {
		current = Number(slider.value);
		field.value = slider.value;
		onChange(current);
	});
	field.addEventListener("input", () => {
		if (!isValid()) return;
		current = Number(field.value);
		slider.value = field.value;
		onChange(current);
	});
	field.addEventListener("blur", () => {
		if (!isValid()) show(current);
	});

	function isValid() {
		const value = Number(field.value);
		return field.value !== "" && value >= min && value <= max && (fieldStep !== 1 || Number.isInteger(value));
	}

	function show(value, { text = null, isDisabled = false } = {}) {
		current = value;
		slider.value = value;
		if (document.activeElement !== field || isValid()) field.value = value;
		slider.disabled = field.disabled = isDisabled;
		if (text !== null) note.textContent = text;
	}
	return { element, show };
}

/** Create a check box with its label. */
export function createCheckbox({ id, label, onChange }) {
	const input = create("input", { type: "checkbox", id, onchange: () => onChange(input.checked) });
	const element = create("label", { class: "checkbox" }, input, create("span", { textContent: label }));
	return { element, show: (value) => (input.checked = value) };
}

/** Create a line of text. An answer to a mistake appears below it. */
export function createText({ id, label, info, onChange, check }) {
	const infoId = newId("info");
	const input = create("input", { type: "text", id, inputMode: "numeric", "aria-describedby": infoId });
	const note = create("p", { id: infoId, class: "info", textContent: info });
	const message = create("p", { class: "message", role: "alert" });
	input.addEventListener("input", () => {
		message.textContent = check(input.value);
		input.setAttribute("aria-invalid", String(message.textContent !== ""));
		onChange(input.value);
	});
	const element = create("div", { class: "text" });
	element.append(create("label", { class: "field-title", for: id, textContent: label }), input, note, message);
	return {
		element,
		show: (value) => {
			if (input.value !== value) input.value = value;
			message.textContent = check(value);
		},
	};
}
