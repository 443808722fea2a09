// A place for one picture: choose a file, drop it, paste it, or take it with a camera; then crop it.

import { cropPicture } from "./crop_dialog.js";
import { create, newId, setProperty } from "./dom.js";
import { call, previewUrl, uploadFile } from "./server.js";
import { store } from "./store.js";
import { isTrainedStyle, loadTrainedStyle } from "./trained_styles.js";

const ACCEPT = "image/*,.heic,.heif,.avif,.jxl,.tif,.tiff";
const hasCamera = () => window.matchMedia("(pointer: coarse)").matches;

/** Create a slot. `onPicture` is called with the id of a new picture, or with "" when it is removed. */
export function createSlot({ id, label, placeholder, onPicture }) {
	const titleId = newId("slot");
	const image = create("img", { alt: "", hidden: true });
	const hint = create("span", { class: "slot-hint", textContent: placeholder });
	const input = create("input", { type: "file", accept: ACCEPT, class: "visually-hidden", "aria-labelledby": titleId });
	const area = create("label", { class: "slot-area" }, input, image, hint);
	const name = create("p", { class: "slot-name" });
	const message = create("p", { class: "message", role: "alert" });
	const remove = create("button", { type: "button", class: "slot-remove", textContent: "×", "aria-label": `Remove the ${label.toLowerCase()}`, onclick: () => clear() });
	const camera = create("input", { type: "file", accept: "image/*", class: "visually-hidden", tabIndex: -1 });
	camera.setAttribute("capture", "environment");
	camera.setAttribute("aria-hidden", "true");
	const shoot = create("button", {
		type: "button",
		class: "quiet",
		textContent: "Take a photo",
		hidden: !hasCamera(),
		onclick: () => camera.click(),
	});
	const crop = create("button", { type: "button", class: "quiet slot-crop", textContent: "Crop or rotate…", hidden: true, onclick: () => startCropping() });
	const title = create("h2", { id: titleId, class: "field-title", textContent: label });
	const frame = create("div", { class: "slot-frame" }, area, remove);
	const element = create("div", { id, class: "slot", role: "group", "aria-labelledby": titleId });
	element.append(title, frame, name, crop, shoot, message, camera);

	let turns = 0;

	/** Remove the picture; one that is being sent does not appear any more. */
	function clear() {
		turns += 1;
		element.classList.remove("is-loading");
		message.textContent = "";
		onPicture("");
		if (!element.hidden) input.focus();
	}

	/** Send a file to the server, and tell others that it is on its way. */
	function take(file) {
		const sending = send(file).finally(() => store.uploads.delete(sending));
		store.uploads.add(sending);
	}

	/** Send a file, also one of a trained style; return whether it was accepted. The picture before it stays until then. */
	async function send(file) {
		const turn = (turns += 1);
		message.textContent = "";
		element.classList.add("is-loading");
		try {
			if (isTrainedStyle(file)) {
				await loadTrainedStyle(file);
				return true;
			}
			const path = await uploadFile(file, store.page.limits);
			const picture = await call("add_picture", { path });
			if (turn !== turns) return true; // another file was chosen meanwhile
			use(picture, true);
			return true;
		} catch (error) {
			if (turn !== turns) return true;
			message.textContent = error.message;
			return false;
		} finally {
			if (turn === turns) element.classList.remove("is-loading");
		}
	}

	/** Use a picture. If it is one of the session, not of the library, it is offered as a style, too. */
	function use(picture, isStored) {
		store.pictures[picture.id] = picture;
		if (isStored && !store.page.uploads.some((upload) => upload.id === picture.id)) store.page.uploads.unshift(picture);
		onPicture(picture.id);
	}

	/** Show the picture in the dialog, and use the part that is selected there. */
	async function startCropping() {
		const before = element.dataset.picture;
		message.textContent = "";
		try {
			const picture = await cropPicture(store.pictures[before]);
			if (picture) store.pictures[picture.id] = picture; // the same pixels may be another selection now
			const isChanged = picture && picture.id !== before;
			if (isChanged && element.dataset.picture === before) use(picture, Boolean(picture.crop));
		} catch (error) {
			message.textContent = error.message;
		}
		crop.focus({ preventScroll: true });
	}

	/** Show a picture of the library or of an earlier upload. */
	async function choose(pictureId) {
		const turn = (turns += 1);
		message.textContent = "";
		element.classList.remove("is-loading");
		try {
			const picture = await call("choose_picture", pictureId);
			if (turn !== turns) return;
			use(picture, false);
		} catch (error) {
			if (turn === turns) message.textContent = error.message;
		}
	}

	/** Show what the form says. */
	function show(pictureId) {
		const picture = store.pictures[pictureId];
		setProperty(image, "hidden", !picture);
		setProperty(hint, "hidden", Boolean(picture));
		setProperty(remove, "hidden", !picture);
		setProperty(crop, "hidden", !picture);
		const source = picture ? previewUrl(picture.id) : "";
		if (picture && image.getAttribute("src") !== source) image.src = source;
		element.dataset.picture = picture ? picture.id : "";
		name.textContent = picture ? [`${picture.name}, ${picture.width} × ${picture.height}`, picture.note].filter(Boolean).join(". ") : "";
	}

	for (const chooser of [input, camera]) {
		chooser.addEventListener("change", () => {
			if (chooser.files[0]) take(chooser.files[0]);
			chooser.value = ""; // the same file can be chosen again
		});
	}
	element.addEventListener("dragover", (event) => {
		if (!hasFiles(event)) return;
		event.preventDefault();
		element.classList.add("is-target");
	});
	element.addEventListener("dragleave", (event) => {
		if (!element.contains(event.relatedTarget)) element.classList.remove("is-target");
	});
	element.addEventListener("drop", (event) => {
		element.classList.remove("is-target");
		const file = event.dataTransfer.files[0];
		if (!file) return;
		event.preventDefault();
		event.stopPropagation();
		take(file);
	});
	return { element, take, choose, show };
}

/** Return whether files are dragged, not text or a link. */
export function hasFiles(event) {
	return [...(event.dataTransfer?.types ?? [])].includes("Files");
}
