// Rectangles { left, top, width, height } in whole pixels, inside a picture { width, height }.

/** Shortest side of a rectangle in pixels, or the picture's side if that is shorter. */
export const MIN_SIDE = 16;

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** Return the rectangle of the whole picture. */
export function wholeRect({ width, height }) {
	return { left: 0, top: 0, width, height };
}

/** Return the rectangle in whole pixels and inside the picture, with its size if that fits. */
export function clampRect(rect, size) {
	const width = clamp(Math.round(rect.width), Math.min(MIN_SIDE, size.width), size.width);
	const height = clamp(Math.round(rect.height), Math.min(MIN_SIDE, size.height), size.height);
	const left = clamp(Math.round(rect.left), 0, size.width - width);
	const top = clamp(Math.round(rect.top), 0, size.height - height);
	return { left, top, width, height };
}

/** Return the rectangle moved by a distance; it stops at the edges of the picture. */
export function moveRect(rect, across, down, size) {
	return clampRect({ ...rect, left: rect.left + across, top: rect.top + down }, size);
}

/**
 * Return the rectangle after a corner ("nw", "ne", "sw" or "se") was moved by a distance. The opposite corner stays.
 * With a ratio of width to height, the side that changes more decides; null leaves both free.
 */
export function resizeRect(rect, corner, across, down, size, ratio = null) {
	const isWest = corner.includes("w");
	const isNorth = corner.includes("n");
	const room = {
		width: isWest ? rect.left + rect.width : size.width - rect.left,
		height: isNorth ? rect.top + rect.height : size.height - rect.top,
	};
	const wanted = { width: rect.width + (isWest ? -across : across), height: rect.height + (isNorth ? -down : down) };
	let { width, height } = clampRect({ left: 0, top: 0, ...wanted }, room);
	if (ratio !== null) {
		const isWidthFirst = Math.abs(wanted.width - rect.width) >= Math.abs(wanted.height - rect.height) * ratio;
		({ width, height } = fitSize(isWidthFirst ? wanted.width : wanted.height * ratio, ratio, room));
	}
	return { left: isWest ? room.width - width : rect.left, top: isNorth ? room.height - height : rect.top, width, height };
}

/** Return a rectangle with a ratio of width to height, with the same center and area if the picture has room for it. */
export function changeRatio(rect, ratio, size) {
	const { width, height } = fitSize(Math.sqrt(rect.width * rect.height * ratio), ratio, size);
	const left = rect.left + (rect.width - width) / 2;
	const top = rect.top + (rect.height - height) / 2;
	return clampRect({ left, top, width, height }, size);
}

/** Return the size with a ratio whose width is as near as possible to a given one, within the room there is. */
function fitSize(width, ratio, room) {
	const largest = Math.min(room.width, room.height * ratio);
	const smallest = Math.min(largest, Math.max(MIN_SIDE, MIN_SIDE * ratio));
	const fitting = clamp(width, smallest, largest);
	const round = (value, limit) => clamp(Math.round(value), 1, limit);
	return { width: round(fitting, room.width), height: round(fitting / ratio, room.height) };
}

/** Return the size of a picture after a quarter turn. */
export function turnSize({ width, height }) {
	return { width: height, height: width };
}

/** Return where a rectangle is after a quarter turn of the picture, whose size is that before the turn. */
export function turnRect(rect, size, isClockwise) {
	const { left, top, width, height } = rect;
	return isClockwise
		? { left: size.height - top - height, top: left, width: height, height: width }
		: { left: top, top: size.width - left - width, width: height, height: width };
}
