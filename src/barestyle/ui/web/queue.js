// The person's own jobs, in the order in which they are painted.

import { create } from "./dom.js";
import { on } from "./follow.js";
import { call } from "./server.js";

/** Show the queue inside an element when more than one job is in it. */
export function startQueue(element) {
	const list = element.querySelector('[data-part="queue"]');
	on("queue", (jobs) => {
		element.querySelector('[data-part="queue-area"]').hidden = jobs.length < 2;
		const focused = document.activeElement?.dataset?.key;
		list.replaceChildren(...jobs.map((job, index) => createLine(job, index > 0 && jobs[index - 1].waits)));
		if (focused) list.querySelector(`[data-key="${focused}"]`)?.focus({ preventScroll: true });
	});
}

function createLine(job, canMoveUp) {
	const act = (action) => async () => {
		try {
			await call("change_queue", { number: job.number, action });
		} catch (error) {
			document.querySelector('[data-part="failures"]').textContent = error.message;
		}
	};
	const buttons = [];
	if (job.waits && canMoveUp) buttons.push(createButton("Move up", job, act("up")));
	buttons.push(createButton(job.waits ? "Remove" : "Stop", job, act("stop")));
	return create("li", {}, create("span", { textContent: job.waits ? job.title : `${job.title}: painting` }), ...buttons);
}

function createButton(text, job, onclick) {
	return create("button", { type: "button", class: "quiet", textContent: text, "aria-label": `${text}: ${job.title}`, "data-key": `${text}-${job.number}`, onclick });
}
