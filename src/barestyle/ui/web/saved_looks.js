// Looks that the person saved under a name: apply one, remove it, save the one that the form has.

import { create, setProperty } from "./dom.js";
import { call } from "./server.js";
import { change, isInstant, onChange, store } from "./store.js";

const INFO = "Look, strength, colors, stroke size, start, and seed, but not the pictures";
const INSTANT_INFO = "Trained style and strength, but not the photo";

/** Create the list of saved looks, and the field that saves another one. */
export function createSavedLooks() {
	const list = create("ul", { class: "saved-looks" });
	const chooser = create("div", { id: "saved-looks", role: "group", "aria-labelledby": "saved-looks-title" });
	chooser.append(create("h3", { id: "saved-looks-title", class: "field-title", textContent: "Saved looks" }), list);

	const name = create("input", { type: "text", id: "look-name", maxLength: store.page.max_look_name, autocomplete: "off" });
	const save = create("button", { type: "button", class: "button", id: "save-look", textContent: "Save" });
	const info = create("p", { class: "info" });
	const message = create("p", { role: "status" });
	const saver = create("div", { class: "text" });
	saver.append(
		create("label", { class: "field-title", for: "look-name", textContent: "Save this look as" }),
		create("div", { class: "field-row" }, name, save),
		info,
		message,
	);
	name.addEventListener("keydown", (event) => {
		if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) send();
	});
	save.addEventListener("click", send);

	async function send() {
		const typed = name.value.trim();
		await attempt(async () => {
			fill((await call("save_look", { name: typed, form: store.form })).looks);
			name.value = "";
			say(`Saved as “${typed}”.`);
		});
	}

	async function remove(look, index) {
		await attempt(async () => {
			fill((await call("delete_look", look.name)).looks);
			say(`Removed “${look.name}”.`);
			(list.querySelectorAll(".saved-look-remove")[Math.min(index, list.children.length - 1)] ?? name).focus();
		});
	}

	async function attempt(action) {
		try {
			await action();
		} catch (error) {
			say(error.message, true);
		}
	}

	function say(text, isRefused = false) {
		message.className = isRefused ? "message" : "info";
		message.textContent = text;
	}

	function fill(looks) {
		store.page.saved_looks = looks;
		chooser.hidden = looks.length === 0;
		list.replaceChildren(...looks.map(createLine));
	}

	function createLine(look, index) {
		const apply = create("button", { type: "button", class: "button", textContent: look.name, onclick: () => change({ ...look.values, vary: "nothing" }) });
		const cross = create("button", { type: "button", class: "quiet saved-look-remove", textContent: "×", "aria-label": `Remove the look ${look.name}`, onclick: () => remove(look, index) });
		return create("li", {}, apply, cross);
	}

	onChange((form) => setProperty(info, "textContent", isInstant(form) ? INSTANT_INFO : INFO));
	fill(store.page.saved_looks);
	return { chooser, saver };
}
