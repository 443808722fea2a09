// Photos: reading files, and pictures in the size in which they are painted.

const MIN_SIDE = 16; // pixels; the network mirrors the borders of an eighth of the picture
const MAX_SIDE = 2048; // pixels that are kept of a photo

/** Return { name, canvas } of an image file, at most MAX_SIDE on the long side. Throw an Error with a sentence. */
async function readPhoto(file) {
	const name = file.name || "The pasted file";
	let bitmap = null;
	try {
		bitmap = await createImageBitmap(file);
	} catch {
		throw new Error(`${name} is not an image that this browser can read; choose a JPEG, PNG or WebP file.`);
	}
	try {
		return keepPhoto(bitmap, bitmap, file.name);
	} finally {
		bitmap.close();
	}
}

/** Return { name, canvas } of an image or of a frame of a video. Throw an Error if it is too small. */
function keepPhoto(source, { width, height }, name) {
	if (Math.min(width, height) < MIN_SIDE) {
		throw new Error(`The picture has ${width} × ${height} pixels; choose one with at least ${MIN_SIDE} on each side.`);
	}
	const canvas = document.createElement("canvas");
	drawScaled(canvas, source, fitSize({ width, height }, MAX_SIDE));
	return { name: (name || "photo").replace(/\.[^.]*$/, ""), canvas };
}

/** Return the size with the same proportions whose long side is `side`, or the size itself if it is smaller. */
function fitSize({ width, height }, side) {
	const scale = Math.min(1, Math.max(side / Math.max(width, height), MIN_SIDE / Math.min(width, height)));
	return { width: Math.round(width * scale), height: Math.round(height * scale) };
}

/** Give a canvas a size, and draw a picture that fills it; transparent parts become white. Return the canvas. */
function drawScaled(canvas, source, { width, height }) {
	canvas.width = width;
	canvas.height = height;
	const context = canvas.getContext("2d", { willReadFrequently: true });
	context.imageSmoothingQuality = "high";
	context.fillStyle = "white";
	context.fillRect(0, 0, width, height);
	context.drawImage(source, 0, 0, width, height);
	return canvas;
}

/** Return the pixels of a canvas as an ImageData. */
function readPixels(canvas) {
	return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
}

/** Show pixels (RGBA) in a canvas, which takes their size. */
function showPixels(canvas, pixels, { width, height }) {
	canvas.width = width;
	canvas.height = height;
	canvas.getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0);
}

/** Call `receive` with each file that is chosen, dropped anywhere on the page, or pasted. */
function watchFiles(input, receive) {
	input.addEventListener("change", () => {
		if (input.files[0]) receive(input.files[0]);
		input.value = ""; // so that the same file can be chosen again
	});
	const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
	document.addEventListener("dragover", (event) => {
		if (!hasFiles(event)) return;
		event.preventDefault(); // the browser would open the file
		document.body.classList.add("is-target");
	});
	document.addEventListener("dragleave", (event) => {
		if (event.relatedTarget === null) document.body.classList.remove("is-target");
	});
	document.addEventListener("drop", (event) => {
		if (!hasFiles(event)) return;
		event.preventDefault();
		document.body.classList.remove("is-target");
		if (event.dataTransfer.files[0]) receive(event.dataTransfer.files[0]);
	});
	document.addEventListener("paste", (event) => {
		const file = event.clipboardData?.files[0];
		if (!file) return;
		event.preventDefault();
		receive(file);
	});
}
