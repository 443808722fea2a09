// What is painted next. It follows from what is wanted and what is shown, so that nothing waits in a queue.

const PREVIEW_SECONDS = 0.25; // that a preview may take
const FRAME_SECONDS = 0.15; // that a frame of the camera may take
const PREVIEW_SIDES = { least: 96, first: 160, most: 1024 }; // pixels on the long side
const THUMBNAIL_SIDE = 128;

/** How long paintings take here. */
class Speed {
	#seconds = 0;
	#pixels = 0;

	/** Take a painting into account; large ones and the latest ones count most. */
	note({ width, height }, seconds) {
		this.#seconds = this.#seconds / 2 + seconds;
		this.#pixels = this.#pixels / 2 + width * height;
	}

	/** Return the seconds that a painting will take, or null before the first one. */
	estimate({ width, height }) {
		return this.#pixels === 0 ? null : (this.#seconds / this.#pixels) * width * height;
	}

	/** Return the long side of the copy of a picture that is painted in some seconds. */
	chooseSide({ width, height }, seconds) {
		const whole = this.estimate({ width, height });
		if (whole === null) return PREVIEW_SIDES.first;
		const side = Math.max(width, height) * Math.sqrt(seconds / whole);
		return Math.round(Math.min(PREVIEW_SIDES.most, Math.max(PREVIEW_SIDES.least, side)));
	}
}

/**
 * Return the next painting, or null if there is nothing to paint.
 *
 * `wanted` has the photo, or the video of the camera, with style, strength, side and the most pixels that fit into
 * memory. `shown` is the painting on the screen, or null. A painting has a kind (full, preview, frame or thumbnail),
 * its source and size, style and strength.
 */
function chooseNext(wanted, shown, speed) {
	const { photo, video, style, strength } = wanted;
	if (video) {
		if (document.hidden || video.videoWidth === 0) return null; // it has no size while a camera starts
		const whole = { width: video.videoWidth, height: video.videoHeight };
		const size = fitSize(whole, speed.chooseSide(whole, FRAME_SECONDS));
		return { kind: "frame", photo: null, source: video, size, style, strength };
	}
	if (!photo) return null;
	const full = { kind: "full", photo, source: photo.canvas, size: chooseFullSize(wanted), style, strength };
	if (isSame(full, shown)) return chooseThumbnail(wanted);
	const preview = { ...full, kind: "preview", size: fitSize(photo.canvas, speed.chooseSide(full.size, PREVIEW_SECONDS)) };
	if (shown && isSame(preview, { ...shown, kind: "preview" })) return wanted.isAdjusting ? null : full;
	return preview.size.width < full.size.width ? preview : full;
}

/** Return whether two paintings are the same; previews are, whatever their size. */
function isSame(one, other) {
	if (!one || !other || ["kind", "photo", "style", "strength"].some((name) => one[name] !== other[name])) return false;
	return one.kind === "preview" || (one.size.width === other.size.width && one.size.height === other.size.height);
}

/** Return the size in which the photo is painted. */
function chooseFullSize({ photo, side, maxPixels }) {
	const size = fitSize(photo.canvas, side);
	const excess = (size.width * size.height) / maxPixels;
	return excess > 1 ? fitSize(photo.canvas, Math.max(size.width, size.height) / Math.sqrt(excess)) : size;
}

/** Return the painting of the photo in a style that has no thumbnail yet, or null. */
function chooseThumbnail({ photo, styles }) {
	const style = styles.findIndex((_, index) => !photo.thumbnails.has(index));
	if (styles.length < 2 || style < 0) return null;
	return { kind: "thumbnail", photo, source: photo.canvas, size: fitSize(photo.canvas, THUMBNAIL_SIDE), style, strength: 1 };
}

/** Return the weights of the photo itself and of each style. */
function mixWeights(count, style, strength) {
	const weights = new Float32Array(count + 1);
	weights[0] = 1 - strength;
	weights[style + 1] = strength;
	return weights;
}
