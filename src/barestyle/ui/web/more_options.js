// What is hidden under "More options": further values of the form, the field that saves a look, and earlier settings.

import { create } from "./dom.js";
import { createCheckbox, createChoices, createNumber, createText } from "./fields.js";
import { call, resultUrl, uploadFile } from "./server.js";
import { change, isInstant, load, RESULT_START, store } from "./store.js";

/** Create the options; `saver` is the field that saves a look. `show(form)` shows their values. */
export function createOptions(saver) {
	const stroke = createNumber({
		id: "stroke",
		label: "Stroke size",
		info: "Relative to the style picture; larger means broader strokes",
		min: 0.25,
		max: 4,
		step: 0.05,
		onChange: (value) => change({ stroke: value }, { isGradual: true }),
	});
	const seed = createText({
		id: "seed",
		label: "Seed",
		info: "Change this number for a variation; keep it to repeat a result",
		check: (text) => (/^\s*\d*\s*$/.test(text) ? "" : "Seed must be a whole number, 0 or greater."),
		onChange: (value) => change({ seed: value }, { isGradual: true }),
	});
	const start = createChoices({ id: "start", legend: "Start from", onChange: (value) => change({ start: value }), className: "choices compact" });
	const film = createCheckbox({ id: "film", label: "Record a film of the painting", onChange: (value) => change({ film: value }) });
	const message = create("p", { role: "status" });
	const input = create("input", { type: "file", id: "earlier", accept: "image/png,.json", class: "visually-hidden" });
	input.addEventListener("change", async () => {
		const file = input.files[0];
		input.value = "";
		if (!file) return;
		const { text, isRefused } = await loadSettings(file);
		message.className = isRefused ? "message" : "info";
		message.textContent = text;
	});
	let shownStarts = "";
	function showStart(value) {
		const options = [
			{ value: "content", title: "The photo" },
			{ value: "noise", title: "Noise" },
		];
		if (value.startsWith(RESULT_START)) options.push({ value, title: "A result", image: resultUrl(value.slice(RESULT_START.length), "thumbnail") });
		const values = options.map((option) => option.value).join();
		if (values !== shownStarts) start.fill(options);
		shownStarts = values;
		start.show(value);
	}
	const about = create("p", { class: "info", id: "about" });
	const element = create("details", { id: "more" }, create("summary", { textContent: "More options" }));
	element.append(
		create(
			"div",
			{ class: "more" },
			...[stroke, seed, start, film].map((part) => part.element),
			saver,
			create("label", { class: "button" }, "Load settings from an earlier result", input),
			message,
			about,
		),
	);
	return {
		element,
		show(form) {
			stroke.show(form.stroke);
			seed.show(form.seed);
			showStart(form.start);
			film.show(form.film);
			for (const { element: each } of [stroke, seed, start, film]) each.hidden = isInstant(form);
			about.textContent = isInstant(form) ? store.page.instant.details : store.page.looks.find((look) => look.name === form.look)?.details ?? "";
		},
	};
}

async function loadSettings(file) {
	try {
		const path = await uploadFile(file, store.page.limits);
		const answer = await call("load_record", { path, form: store.form });
		load(answer);
		return { text: `Loaded the settings of ${file.name}. ${answer.note}`.trim(), isRefused: false };
	} catch (error) {
		return { text: error.message, isRefused: true };
	}
}
