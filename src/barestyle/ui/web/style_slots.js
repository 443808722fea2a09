// One to three styles with their weights.

import { create } from "./dom.js";
import { createNumber } from "./fields.js";
import { createSlot } from "./picture_slot.js";
import { change, store } from "./store.js";

/** Create the slots. `show()` shows the styles of the form. */
export function createStyleSlots() {
	const count = store.page.max_styles;
	let shownSlots = 1;
	let active = 0;

	const slots = Array.from({ length: count }, (_, number) => {
		const slot = createSlot({
			id: `style-${number + 1}`,
			label: number === 0 ? "Style" : `Style ${number + 1}`,
			placeholder: "Choose a painting or drop it here",
			onPicture: (picture) => setPicture(number, picture),
		});
		const weight = createNumber({
			id: `weight-${number + 1}`,
			label: `Weight of style ${number + 1}`,
			min: 0.1,
			max: 3,
			step: 0.1,
			onChange: (value) => setWeight(number, value),
		});
		const swatch = create("span", { class: "swatch", "aria-hidden": "true" });
		swatch.style.background = store.page.region_colors[number];
		slot.element.querySelector("h2").prepend(swatch);
		slot.element.append(weight.element);
		slot.element.addEventListener("focusin", () => (active = number));
		return { ...slot, weight };
	});
	const add = create("button", { type: "button", class: "quiet", id: "add-style", textContent: "Add another style" });
	add.addEventListener("click", () => {
		shownSlots += 1;
		active = shownSlots - 1;
		show();
		slots[active].element.querySelector("input[type=file]").focus();
	});
	const element = create("div", { class: "style-slots" }, ...slots.map((slot) => slot.element), add);

	function setPicture(number, picture) {
		const styles = store.form.styles.map((style) => ({ ...style }));
		if (picture === "") {
			styles.splice(number, 1);
			shownSlots = Math.max(1, shownSlots - 1);
			active = 0;
		} else if (number < styles.length) styles[number].picture = picture;
		else styles.push({ picture, weight: 1 });
		change({ styles });
		if (slots[number].element.hidden) add.focus(); // the focus was on what removed it
	}

	function setWeight(number, weight) {
		const styles = store.form.styles.map((style, index) => (index === number ? { ...style, weight } : style));
		change({ styles }, { isGradual: true });
	}

	/** Put a picture of the library into the slot that was used last, or into the first empty one. */
	function choose(picture) {
		const empty = store.form.styles.length;
		slots[empty < shownSlots ? empty : active].choose(picture);
	}

	/** Put a file into the first empty slot, or into the one that was used last. */
	function take(file) {
		const empty = store.form.styles.length;
		slots[empty < shownSlots ? empty : active].take(file);
	}

	function show() {
		const { styles } = store.form;
		shownSlots = Math.min(count, Math.max(shownSlots, styles.length, 1));
		for (const [number, slot] of slots.entries()) {
			slot.element.hidden = number >= shownSlots;
			slot.show(styles[number]?.picture ?? "");
			slot.weight.element.hidden = styles.length < 2 || number >= styles.length;
			slot.weight.show(styles[number]?.weight ?? 1);
			const swatch = slot.element.querySelector(".swatch");
			swatch.hidden = shownSlots < 2;
		}
		add.hidden = shownSlots >= count || styles.length < shownSlots;
	}
	return { element, show, choose, take, isFull: () => store.form.styles.length >= shownSlots };
}
