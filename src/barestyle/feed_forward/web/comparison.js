// The painted picture over the photo, with a divider between them.

/** Connect the divider of a comparison; at 0 the painted picture is shown whole. */
function startComparison(element, divider) {
	const move = (percent) => {
		divider.value = percent;
		element.style.setProperty("--divider", `${divider.value}%`);
		divider.setAttribute("aria-valuetext", `${divider.value}% of the photo`);
	};
	const follow = (event) => {
		const box = element.getBoundingClientRect();
		move((100 * (event.clientX - box.left)) / box.width);
	};
	divider.addEventListener("input", () => move(divider.value));
	element.addEventListener("pointerdown", (event) => {
		if (event.button !== 0) return;
		event.preventDefault();
		divider.focus({ preventScroll: true }); // so that the arrow keys move it afterwards
		element.setPointerCapture(event.pointerId);
		element.addEventListener("pointermove", follow);
		follow(event);
	});
	element.addEventListener("lostpointercapture", () => element.removeEventListener("pointermove", follow));
	move(0);
}
