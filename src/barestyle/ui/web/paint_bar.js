// The button that paints, what it will take, and what is refused.

import { create, setProperty } from "./dom.js";
import { on } from "./follow.js";
import { call } from "./server.js";
import { canUndo, isInstant, onAnswer, onChange, store, undo } from "./store.js";

const KEEP_HINT = "The picture follows the form. Keep it to enlarge it, to compare it, or to start from it.";
const REFUSED_FILE = "A file was not accepted; choose another one, or press Paint again without it.";

/**
 * Build the bar inside an element. `onPaint` sends the form, and returns a promise of an answer with `error` or `note`.
 * `showPicture(url)` shows an instant picture in the bar, on screens where the stage is not beside the form.
 */
export function startPaintBar(element, onPaint) {
	const estimate = create("p", { id: "estimate", class: "info" });
	const note = create("p", { class: "info", role: "status" });
	const message = create("p", { id: "message", class: "message", role: "alert" });
	const paint = create("button", { type: "button", id: "paint", class: "primary", textContent: "Paint" });
	const stop = create("button", { type: "button", id: "stop", class: "secondary", hidden: true });
	const revert = create("button", { type: "button", id: "undo", class: "quiet", textContent: "Undo", title: "Undo the last change of the settings", hidden: true });
	const picture = create("img", { alt: "" });
	const peek = create("button", { type: "button", id: "peek", "aria-label": "Show the picture large", hidden: true, onclick: () => scrollToStage() }, picture);
	let hasPicture = false;
	let isStageVisible = false;
	element.replaceChildren(peek, message, note, create("div", { class: "paint-row" }, paint, stop, revert), estimate);
	let isSending = false;
	let isBusy = false;
	let shownJob = null;

	async function send() {
		if (isSending) return; // a double click
		isSending = true;
		paint.setAttribute("aria-disabled", "true");
		message.textContent = "";
		try {
			if (store.uploads.size) note.textContent = "Waiting for the file that is being sent…";
			else if (isInstant(store.form)) note.textContent = "Painting…";
			const accepted = await Promise.all(store.uploads);
			const answer = accepted.includes(false) ? { error: REFUSED_FILE } : await onPaint(store.form);
			message.textContent = answer.error ?? "";
			note.textContent = answer.note ?? "";
		} finally {
			isSending = false;
			paint.removeAttribute("aria-disabled");
		}
		if (!message.textContent && window.innerWidth < 900) scrollToStage();
	}

	function scrollToStage() {
		const behavior = window.matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
		document.querySelector("#stage").scrollIntoView({ behavior, block: "start" });
	}

	function showPicture(url) {
		hasPicture = url !== "";
		if (hasPicture) setProperty(picture, "src", url);
		peek.hidden = !hasPicture || isStageVisible;
	}

	new IntersectionObserver(([stage]) => {
		isStageVisible = stage.isIntersecting;
		peek.hidden = !hasPicture || isStageVisible;
	}).observe(document.querySelector('[data-part="viewport"]'));

	paint.addEventListener("click", send);
	stop.addEventListener("click", async () => {
		try {
			await call("change_queue", { number: shownJob, action: "stop" });
		} catch (error) {
			message.textContent = error.message;
		}
	});
	revert.addEventListener("click", () => {
		undo();
		if (revert.hidden) paint.focus({ preventScroll: true });
	});
	document.addEventListener("keydown", (event) => {
		const isShortcut = event.key === "Enter" && (event.ctrlKey || event.metaKey);
		if (isShortcut && !document.querySelector("dialog[open]")) send();
	});
	onChange(() => {
		message.textContent = note.textContent = ""; // what was refused has been changed
		revert.hidden = !canUndo();
		showLabel();
	});
	onAnswer((answer) => {
		const text = isInstant(store.form) ? KEEP_HINT : (answer.estimate ?? "");
		setProperty(estimate, "textContent", answer.refusal ?? text);
	});
	on("job", (job) => {
		isBusy = job.busy;
		shownJob = job.number; // what is stopped is what the person saw
		const isStoppable = job.phase === "painting" || job.phase === "waiting";
		const hadFocus = document.activeElement === stop;
		stop.hidden = !isStoppable;
		if (hadFocus && stop.hidden) paint.focus({ preventScroll: true });
		setProperty(stop, "textContent", stopLabel(job));
		showLabel();
	});

	function stopLabel(job) {
		if (job.phase === "painting") return "Stop and keep this version";
		return job.position > 0 ? "Leave the queue" : "Cancel";
	}

	function showLabel() {
		const several = store.form.vary !== "nothing";
		const label = isInstant(store.form) ? "Keep this picture" : isBusy ? "Add to the queue" : several ? "Paint side by side" : "Paint";
		setProperty(paint, "textContent", label);
	}
	return { showPicture };
}
