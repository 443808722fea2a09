// Rows of pictures to choose from.

import { create } from "./dom.js";
import { previewUrl } from "./server.js";

/** Create a row of buttons with thumbnails; `show(ids)` marks those that are chosen. */
export function createThumbnails({ id, label, onChoose }) {
	const element = create("div", { id, class: "thumbnails", role: "group", "aria-label": label });
	let buttons = [];

	function fill(entries) {
		buttons = entries.map((entry) => {
			const image = create("img", { src: previewUrl(entry.id), alt: "", loading: "lazy" });
			return create(
				"button",
				{
					type: "button",
					title: entry.title,
					"aria-label": entry.title,
					"aria-pressed": "false",
					"data-picture": entry.id,
					onclick: () => onChoose(entry.id),
				},
				image,
			);
		});
		element.replaceChildren(...buttons);
	}

	function show(chosen) {
		for (const button of buttons) button.setAttribute("aria-pressed", String(chosen.includes(button.dataset.picture)));
	}
	return { element, fill, show };
}
