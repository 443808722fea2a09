// Instant pictures: shown while the form changes, kept as results.

import { setProperty } from "./dom.js";
import { on } from "./follow.js";
import { call, resultUrl } from "./server.js";
import { isInstant, onChange, store } from "./store.js";

const SETTLE_MILLISECONDS = 250;
const RETRY_MILLISECONDS = 1000;
const MAX_PHOTOS = 2; // so that a return to the photo before does not send it again
const NO_PHOTO = "Choose a photo; it is painted at once.";
const NO_STYLE = "Choose a trained style; the photo is painted in it at once.";

/**
 * Show the pictures on the stage. `showResult` shows a result by its id as soon as the page has it. `onPicture` is
 * called with the URL of each picture, and with "" when there is none.
 */
export function startInstant(element, stage, { showResult, onPicture }) {
	const part = (name) => element.querySelector(`[data-part="${name}"]`);
	let wanted = ""; // what the form asks for, as text; empty if it asks for nothing
	let shown = { wanted: "", isSettled: false };
	const photos = new Map(); // the latest photos beside the pictures, by id: the pixels of the long side, and the URL
	let view = null; // the latest picture
	let timer = 0;
	let hasRetried = false; // since the form changed
	let isDownloading = false;
	const isAsking = { true: false, false: false };

	onChange((form) => {
		const next = isInstant(form) && form.photo && form.instant.style ? JSON.stringify([form.photo, form.instant, form.size]) : "";
		stage.setHint(!isInstant(form) ? "" : form.photo ? NO_STYLE : NO_PHOTO);
		if (next === wanted) return;
		wanted = next;
		clearTimeout(timer);
		timer = 0;
		hasRetried = false;
		say("");
		if (!wanted) return hide();
		stage.release();
		ask(false);
		askSettled(SETTLE_MILLISECONDS);
	});
	on("connection", ({ isConnected }) => {
		if (isConnected && wanted) ask(true);
	});

	/** Ask for the picture of the settled form after a delay, in place of any that is to be asked for. */
	function askSettled(milliseconds) {
		clearTimeout(timer);
		timer = setTimeout(() => {
			timer = 0;
			ask(true);
		}, milliseconds);
	}

	/** Ask for a picture, a small one unless the form is settled. Only the latest of those that wait is asked for. */
	async function ask(isSettled) {
		if (isAsking[isSettled]) return;
		isAsking[isSettled] = true;
		const asked = wanted;
		const form = store.form;
		try {
			const known = photos.get(form.photo) ?? { side: 0, url: "" };
			const answer = await call("paint_instant", { form, is_settled: isSettled, known_photo: form.photo, known_side: known.side });
			const photo = answer.photo ? { side: answer.photo_side, url: answer.photo } : known;
			rememberPhoto(form.photo, photo);
			await show(answer, asked, form, isSettled, photo.url);
		} catch (error) {
			if (isSettled && asked === wanted) fail(error); // after a small one that fails, the settled one is asked for
		} finally {
			isAsking[isSettled] = false;
		}
		if (wanted && asked !== wanted && !(isSettled && timer)) ask(isSettled);
	}

	/** Keep a photo, unless it is there in more pixels: answers do not arrive in the order of the questions. */
	function rememberPhoto(id, photo) {
		const larger = photos.get(id)?.side > photo.side ? photos.get(id) : photo;
		photos.delete(id);
		photos.set(id, larger);
		if (photos.size > MAX_PHOTOS) photos.delete(photos.keys().next().value);
	}

	async function show(answer, asked, form, isSettled, photo) {
		const image = new Image();
		image.src = answer.picture;
		await image.decode(); // so that the stage does not flicker
		const isOutdated = isSettled ? asked !== wanted : !wanted || (shown.isSettled && shown.wanted === wanted);
		if (isOutdated || form.photo !== store.form.photo) return;
		shown = { wanted: asked, isSettled };
		const { width, height, title, caption } = answer;
		view = { id: "instant", job: "instant", photo: form.photo, title, caption, width, height, urls: { before: photo, after: answer.picture } };
		part("instant-caption").textContent = caption;
		part("instant-note").textContent = answer.note;
		if (isSettled) part("announcement").textContent = `Painted: ${caption}`;
		say("");
		if (!stage.holdsResult()) stage.showInstant(view);
		onPicture(answer.picture);
	}

	function hide() {
		view = null;
		shown = { wanted: "", isSettled: false };
		stage.hideInstant();
		onPicture("");
	}

	/** Say why there is no picture, and ask once more. What is shown stays, unless it is of another photo. */
	function fail(error) {
		say(error.message);
		if (view && view.photo !== store.form.photo) hide();
		if (hasRetried) {
			if (!shown.isSettled) part("instant-note").textContent = ""; // the full size does not follow
			return;
		}
		hasRetried = true;
		askSettled(RETRY_MILLISECONDS);
	}

	function say(text) {
		setProperty(part("instant-message"), "textContent", text);
	}
	stage.onShow((result) => {
		part("instant-actions").hidden = !result?.urls;
		part("show-instant").hidden = !view || Boolean(result?.urls);
	});
	part("show-instant").addEventListener("click", () => {
		if (view) stage.showInstant(view);
	});
	part("download-instant").addEventListener("click", async () => {
		if (isDownloading) return; // a double click
		isDownloading = true;
		part("instant-note").textContent = "Painting the file…";
		const { error, result } = await keep(store.form);
		part("instant-note").textContent = "";
		isDownloading = false;
		if (error) return say(error);
		const link = document.createElement("a");
		link.href = resultUrl(result, "picture");
		link.download = "";
		link.click();
	});

	/** Make the picture a result, and show it; return the server's answer. */
	async function keep(form) {
		try {
			const answer = await call("keep_instant", form);
			showResult(answer.result);
			return answer;
		} catch (error) {
			return { error: error.message };
		}
	}
	return { keep };
}
