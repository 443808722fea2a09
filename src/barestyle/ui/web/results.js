// The results of the session: choose one, use its settings, enlarge it, download it, delete it.

import { create } from "./dom.js";
import { call, resultUrl } from "./server.js";
import { change, isInstant, load, RESULT_START, searchValues, store } from "./store.js";

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
	let awaited = { id: "" }; // a result that was restored or kept, and is shown when it is there

	stage.onShow((result) => {
		const isKept = result !== null && !result.urls;
		part("actions").hidden = !isKept;
		for (const button of list.querySelectorAll("button")) button.setAttribute("aria-current", String(button.dataset.result === result?.id));
		if (!isKept) return;
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
		const isSearch = !isInstant(store.form);
		change({ start: RESULT_START + stage.current().id, ...(isSearch ? {} : searchValues(store.page.default_look)) });
		const look = store.page.looks.find((each) => each.name === store.form.look)?.title;
		say(`The next picture starts from this one; see “Start from” under More options.${isSearch ? "" : ` The look is ${look} now, as Instant has no start.`}`);
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
			showWhenThere((await call("undelete_result")).result, true);
			part("deleted").hidden = true;
		} catch (error) {
			part("deleted-text").textContent = error.message;
			part("undelete").hidden = true;
		}
	});
	startEnlarging(element, stage, say, showWhenThere);

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
		showAwaited();
	}

	/** Show a result as soon as the session's results have it, and move the focus to it if asked to. */
	function showWhenThere(id, takesFocus = false) {
		awaited = { id, takesFocus };
		showAwaited();
	}

	function showAwaited() {
		const { id, takesFocus } = awaited;
		if (!results.some((result) => result.id === id)) return;
		awaited = { id: "" };
		stage.show(id);
		if (takesFocus) list.querySelector(`[data-result="${id}"]`).focus({ preventScroll: true });
	}

	function createThumbnail(result) {
		const image = create("img", { src: resultUrl(result.id, "thumbnail"), alt: "" });
		return create("button", { type: "button", "data-result": result.id, title: result.caption, "aria-label": result.caption, onclick: () => stage.show(result.id) }, image);
	}
	return { show, showWhenThere, latest: () => results[0] ?? null };
}

/** Connect the dialog that paints a result again at a larger size. */
function startEnlarging(element, stage, say, showWhenThere) {
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
		message.textContent = "";
		start.disabled = true; // an instant picture is painted until the answer
		try {
			const answer = await call("enlarge", { result: target.id, size });
			dialog.close();
			if (answer.result) showWhenThere(answer.result);
			else stage.release();
			say(answer.note);
		} catch (error) {
			message.textContent = error.message;
		} finally {
			start.disabled = false;
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
