// The results of the session: choose one, use its settings, enlarge it, download it, delete it.

import { create } from "./dom.js";
import { call, resultUrl } from "./server.js";
import { change, load, RESULT_START, store } from "./store.js";

const FORMATS = [
	{ kind: "picture", label: "PNG" },
	{ kind: "jpg", label: "JPEG" },
	{ kind: "tif", label: "TIFF" },
	{ kind: "record", label: "Settings" },
	{ kind: "film", label: "Film" },
];

/** Build the list of results and the actions of the one on the stage. */
export function startResults(element, stage) {
	const part = (name) => element.querySelector(`[data-part="${name}"]`);
	const list = part("results");
	const message = part("result-message");
	let results = [];
	let restored = ""; // id of a result that was deleted, and is shown when it is there again

	stage.onShow((result) => {
		part("actions").hidden = !result;
		for (const button of list.querySelectorAll("button")) button.setAttribute("aria-current", String(button.dataset.result === result?.id));
		if (!result) return;
		if (part("actions").dataset.result === result.id) return;
		part("actions").dataset.result = result.id;
		say("");
		part("caption").textContent = result.caption;
		part("downloads").replaceChildren(
			...FORMATS.filter((format) => format.kind !== "film" || result.has_film).map((format) =>
				create("a", { class: "button", href: resultUrl(result.id, format.kind), download: "", textContent: format.label, "aria-label": `Download ${format.label}` }),
			),
		);
		part("curve").innerHTML = result.curve;
		part("curve-details").hidden = !result.curve;
	});
	part("use").addEventListener("click", () =>
		attempt(async () => {
			load(await call("use_settings", stage.current().id));
			say("The form has the settings of this picture.");
		}),
	);
	part("start").addEventListener("click", () => {
		change({ start: RESULT_START + stage.current().id });
		say("The next picture starts from this one; see “Start from” under More options.");
	});
	part("delete").addEventListener("click", () =>
		attempt(async () => {
			await call("delete_result", stage.current().id);
			part("deleted-text").textContent = "The picture was deleted.";
			part("undelete").hidden = part("deleted").hidden = false;
			part("undelete").focus({ preventScroll: true });
		}),
	);
	part("undelete").addEventListener("click", async () => {
		try {
			restored = (await call("undelete_result")).result;
			part("deleted").hidden = true;
			showRestored();
		} catch (error) {
			part("deleted-text").textContent = error.message;
			part("undelete").hidden = true;
		}
	});
	startEnlarging(element, stage, say);

	function say(text, isRefused = false) {
		message.className = isRefused ? "message" : "info";
		message.textContent = text;
	}

	async function attempt(action) {
		say("");
		try {
			await action();
		} catch (error) {
			say(error.message, true);
		}
	}

	function show(values) {
		const isNew = values.some((value) => !results.some((result) => result.id === value.id));
		if (isNew) part("deleted").hidden = true;
		results = values;
		part("results-area").hidden = results.length === 0;
		const focused = document.activeElement?.dataset?.result;
		list.replaceChildren(...results.map((result) => create("li", {}, createThumbnail(result))));
		stage.setResults(results);
		if (focused) list.querySelector(`[data-result="${focused}"]`)?.focus({ preventScroll: true });
		showRestored();
	}

	function showRestored() {
		if (!results.some((result) => result.id === restored)) return;
		stage.show(restored);
		list.querySelector(`[data-result="${restored}"]`).focus({ preventScroll: true });
		restored = "";
	}

	function createThumbnail(result) {
		const image = create("img", { src: resultUrl(result.id, "thumbnail"), alt: "" });
		return create("button", { type: "button", "data-result": result.id, title: result.caption, "aria-label": result.caption, onclick: () => stage.show(result.id) }, image);
	}
	return { show, latest: () => results[0] ?? null };
}

/** Connect the dialog that paints a result again at a larger size. */
function startEnlarging(element, stage, say) {
	const dialog = element.querySelector('[data-part="enlarge-dialog"]');
	const sizes = dialog.querySelector('[data-part="sizes"]');
	const message = dialog.querySelector('[data-part="enlarge-message"]');
	const start = dialog.querySelector('[data-part="enlarge-start"]');
	let target = null; // the result that the dialog is about

	element.querySelector('[data-part="enlarge"]').addEventListener("click", async () => {
		const result = (target = stage.current());
		const larger = store.page.print_sizes.filter((size) => size.pixels > Math.max(result.width, result.height));
		sizes.replaceChildren(...larger.map((size, index) => createSize(size, index === 0)));
		start.disabled = larger.length === 0;
		message.textContent = larger.length === 0 ? "This picture has the largest size already." : "";
		dialog.showModal();
		try {
			const costs = await call("estimate_sizes", { result: result.id, sizes: larger.map((size) => size.pixels) });
			if (target !== result) return;
			for (const note of sizes.querySelectorAll("[data-size]")) note.textContent = costs[note.dataset.size] ?? "";
		} catch (error) {
			if (target === result) message.textContent = error.message;
		}
	});
	start.addEventListener("click", async () => {
		const size = Number(sizes.querySelector("input:checked").value);
		try {
			const answer = await call("enlarge", { result: target.id, size });
			dialog.close();
			stage.release();
			say(answer.note);
		} catch (error) {
			message.textContent = error.message;
		}
	});
	dialog.querySelector('[data-part="enlarge-cancel"]').addEventListener("click", () => dialog.close());
}

function createSize(size, isFirst) {
	const input = create("input", { type: "radio", name: "enlarge-size", value: String(size.pixels), checked: isFirst });
	return create(
		"label",
		{},
		input,
		create("span", { class: "choice-title", textContent: size.title }),
		create("span", { class: "choice-note", "data-size": String(size.pixels) }),
	);
}
