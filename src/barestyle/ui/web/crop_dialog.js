// The dialog that crops and turns a picture. Its parts are in crop.html.

import { changeRatio, clampRect, moveRect, resizeRect, turnRect, turnSize, wholeRect } from "./crop_geometry.js";
import { createChoices } from "./fields.js";
import { call, previewUrl, UNREACHABLE } from "./server.js";

const FREE = "free";
const ORIGINAL = "original";
const RATIOS = [
	{ value: FREE, title: "Free" },
	{ value: ORIGINAL, title: "Original" },
	...["1:1", "4:3", "3:4", "16:9", "9:16"].map((value) => ({ value, title: value })),
];
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const LARGE_STEP = 0.02; // of the long side, with Shift
const MARGIN = 24; // CSS pixels around the picture, where the handles reach beyond it

let dialog = null;

/** Show a picture's original in the dialog; return the cropped picture, or null if it was canceled. Throw if refused. */
export async function cropPicture(picture) {
	const original = picture.crop ? await call("choose_picture", picture.crop.source) : picture;
	return dialog.open(original, picture.crop);
}

/** Connect the dialog inside an element. */
export function startCropDialog(element) {
	const part = (name) => element.querySelector(`[data-part="${name}"]`);
	const box = element.querySelector("dialog");
	const image = new Image();
	const ratio = createChoices({ id: "crop-ratio", legend: "Proportions", onChange: setRatio, className: "choices compact" });
	ratio.fill(RATIOS);
	part("ratio").replaceWith(ratio.element);

	let original = null;
	let size = null; // of the turned picture, in pixels of the file
	let turns = 0; // quarter turns clockwise
	let rect = null; // the selection, in pixels of the turned picture
	let proportions = FREE;
	let scale = 1; // CSS pixels per pixel of the file
	let result = null;
	let finish = () => {};
	let openings = 0;

	async function open(picture, crop) {
		image.src = previewUrl(picture.id);
		await image.decode().catch(() => {
			throw new Error(UNREACHABLE);
		});
		if (box.open) return null; // a double click
		original = picture;
		result = null;
		openings += 1;
		part("message").textContent = "";
		box.showModal();
		setTurns(crop?.turns ?? 0);
		setSending(false);
		select(crop ?? wholeRect(size), FREE);
		return new Promise((resolve) => (finish = resolve));
	}

	/** Show the picture after some quarter turns. */
	function setTurns(count) {
		turns = (count + 4) % 4;
		const isSideways = turns % 2 === 1;
		size = isSideways ? turnSize(original) : { width: original.width, height: original.height };
		const [width, height] = [image.naturalWidth, image.naturalHeight];
		const canvas = part("canvas");
		canvas.width = isSideways ? height : width;
		canvas.height = isSideways ? width : height;
		const context = canvas.getContext("2d");
		context.translate(canvas.width / 2, canvas.height / 2);
		context.rotate((turns * Math.PI) / 2);
		context.drawImage(image, -width / 2, -height / 2);
		layOut();
	}

	/** Give the picture its size on the screen. */
	function layOut() {
		if (!box.open || !size) return;
		const area = part("area");
		scale = Math.min((area.clientWidth - 2 * MARGIN) / size.width, (area.clientHeight - 2 * MARGIN) / size.height);
		part("frame").style.width = `${size.width * scale}px`;
		part("frame").style.height = `${size.height * scale}px`;
	}

	/** Show a selection and its proportions. */
	function select(selection, name = proportions) {
		rect = clampRect(selection, size);
		proportions = name;
		ratio.show(proportions);
		for (const node of [part("selection"), part("hole")]) {
			node.style.left = `${(100 * rect.left) / size.width}%`;
			node.style.top = `${(100 * rect.top) / size.height}%`;
			node.style.width = `${(100 * rect.width) / size.width}%`;
			node.style.height = `${(100 * rect.height) / size.height}%`;
		}
		part("size").textContent = `${rect.width} × ${rect.height} pixels`;
		part("position").textContent = `, ${rect.left} from the left and ${rect.top} from the top`;
	}

	/** Return the ratio of width to height, or null if it is free. */
	function ratioOf(name) {
		if (name === FREE) return null;
		if (name === ORIGINAL) return size.width / size.height;
		const [width, height] = name.split(":").map(Number);
		return width / height;
	}

	function setRatio(name) {
		const value = ratioOf(name);
		select(value === null ? rect : changeRatio(rect, value, size), name);
	}

	/** Turn the picture with the selection: 4:3 becomes 3:4. */
	function turn(isClockwise) {
		const turned = turnRect(rect, size, isClockwise);
		setTurns(turns + (isClockwise ? 1 : -1));
		select(turned, proportions.split(":").reverse().join(":"));
	}

	/** Move a corner of a rectangle, or with an empty name all of it, by pixels of the file. */
	function shift(from, corner, across, down) {
		select(corner ? resizeRect(from, corner, across, down, size, ratioOf(proportions)) : moveRect(from, across, down, size));
	}

	async function apply() {
		if (part("apply").getAttribute("aria-disabled") === "true") return;
		const opening = openings;
		part("message").textContent = "";
		setSending(true);
		try {
			const picture = await call("crop_picture", { source: original.id, turns, ...rect });
			if (opening !== openings || !box.open) return; // it was canceled meanwhile
			result = picture;
			box.close();
		} catch (error) {
			if (opening === openings) part("message").textContent = error.message;
		} finally {
			if (opening === openings) setSending(false);
		}
	}

	function setSending(isSending) {
		part("apply").setAttribute("aria-disabled", String(isSending));
		part("apply").textContent = isSending ? "Applying…" : "Apply";
	}

	part("selection").addEventListener("pointerdown", (event) => {
		const grip = event.target.closest("[data-corner]");
		if (!grip || event.button !== 0) return;
		const from = rect;
		const drag = (moved) => {
			if (moved.pointerId !== event.pointerId) return;
			shift(from, grip.dataset.corner, (moved.clientX - event.clientX) / scale, (moved.clientY - event.clientY) / scale);
		};
		grip.setPointerCapture(event.pointerId);
		grip.focus({ preventScroll: true }); // Safari does not focus buttons
		grip.addEventListener("pointermove", drag);
		grip.addEventListener("lostpointercapture", () => grip.removeEventListener("pointermove", drag), { once: true });
	});
	part("selection").addEventListener("keydown", (event) => {
		const corner = event.target.dataset.corner;
		const arrow = ARROWS[event.key];
		if (corner === undefined || !arrow || event.ctrlKey || event.metaKey || event.altKey) return;
		event.preventDefault();
		const step = event.shiftKey ? Math.max(10, Math.round(LARGE_STEP * Math.max(size.width, size.height))) : 1;
		shift(rect, corner, arrow[0] * step, arrow[1] * step);
	});
	part("left").addEventListener("click", () => turn(false));
	part("right").addEventListener("click", () => turn(true));
	part("reset").addEventListener("click", () => {
		setTurns(0);
		select(wholeRect(size), FREE);
	});
	part("apply").addEventListener("click", apply);
	part("cancel").addEventListener("click", () => box.close());
	box.addEventListener("close", () => finish(result));
	new ResizeObserver(layOut).observe(part("area"));
	dialog = { open };
}
