// The values of the form, shared by its parts, and what the server told when the page was opened.

import { call } from "./server.js";

const SAVE_DELAY = 250;
/** What precedes the id of a result in the form's start. */
export const RESULT_START = "result:";
/** Milliseconds within which gradual changes of the same values are undone together. */
const MERGE_DELAY = 1000;
const MAX_HISTORY = 100;

export const store = {
	form: {},
	/** Number of times that the whole form was replaced. */
	loads: 0,
	/** What is known of pictures, by id. */
	pictures: {},
	/** Promises of the files that are being sent; each tells whether the file was accepted. */
	uploads: new Set(),
	/** Looks, colors, limits, and the library; see page_options.py. */
	page: {},
};

const listeners = new Set();
const answerListeners = new Set();
let timer = 0;
let saves = 0;
/** Earlier forms, the latest last, and what the last change gradually changed, and when. */
const history = [];
let lastChange = { names: "", time: 0 };

/** Return whether a trained style paints the form's picture. */
export function isInstant(form) {
	return form.look === store.page.instant.name;
}

/** Return the changes of the form with which a trained style paints; values that are not given stay. */
export function instantValues(values) {
	return { look: store.page.instant.name, spec: null, vary: "nothing", instant: { ...store.form.instant, ...values } };
}

/** Return the changes of the form that choose a look; where no style is chosen, that of the trained style is. */
export function searchValues(look) {
	const { like } = store.page.trained_styles.find((each) => each.style === store.form.instant.style) ?? {};
	const hasLike = isInstant(store.form) && store.form.styles.length === 0 && like in store.pictures;
	return { look, spec: null, ...(hasLike ? { styles: [{ picture: like, weight: 1 }] } : {}) };
}

/** Call a function whenever the form has changed. */
export function onChange(listener) {
	listeners.add(listener);
}

/** Call a function with the server's answer to a saved form: estimates. */
export function onAnswer(listener) {
	answerListeners.add(listener);
}

/** Replace the whole form without saving it: it came from the server. */
export function load({ form, pictures }) {
	Object.assign(store.pictures, pictures);
	if (store.loads > 0) remember();
	store.form = form;
	store.loads += 1;
	notify();
	scheduleSave();
}

/** Change some values of the form. Gradual changes of the same values, as of a slider, are undone together. */
export function change(values, { isGradual = false } = {}) {
	remember(isGradual ? Object.keys(values).join() : "");
	store.form = { ...store.form, ...values };
	notify();
	scheduleSave();
}

/** Return whether there is a change to undo. */
export function canUndo() {
	return history.length > 0;
}

/** Undo the last change. Painted regions stay unless the photo changes: the editor has an undo of its own. */
export function undo() {
	const form = history.pop();
	if (!form) return;
	lastChange = { names: "", time: 0 };
	store.form = form.photo === store.form.photo ? { ...form, regions: store.form.regions } : form;
	notify();
	scheduleSave();
}

/** Keep the form as it is before some of its values change; `names` are those that change gradually. */
function remember(names = "") {
	const time = Date.now();
	const continues = names !== "" && names === lastChange.names && time - lastChange.time < MERGE_DELAY;
	lastChange = { names, time };
	if (continues) return;
	history.push(store.form);
	if (history.length > MAX_HISTORY) history.shift();
}

/** Take the id of the regions that the editor shows. */
export function setRegions(regions) {
	if (regions === undefined || regions === store.form.regions) return;
	store.form = { ...store.form, regions };
	scheduleSave();
}

window.addEventListener("pagehide", () => {
	if (timer) save();
});

function notify() {
	for (const listener of listeners) listener(store.form);
}

function scheduleSave() {
	clearTimeout(timer);
	timer = setTimeout(save, SAVE_DELAY);
}

async function save() {
	clearTimeout(timer);
	timer = 0;
	const number = (saves += 1);
	let answer;
	try {
		answer = await call("save_form", store.form);
	} catch (error) {
		answer = { refusal: error.message };
	}
	if (number !== saves) return; // a later answer is on its way
	for (const listener of answerListeners) listener(answer);
}
