// The page's script: each component of the page calls its function here when gradio has created it.

import { follow, on } from "./follow.js";
import { startForm } from "./form.js";
import { startPaintBar } from "./paint_bar.js";
import { startQueue } from "./queue.js";
import { startResults } from "./results.js";
import { call, setConnection } from "./server.js";
import { startStage } from "./stage.js";
import { startStatus } from "./status.js";
import { load, store } from "./store.js";

const elements = {};
const pieces = ["form", "paint", "stage"];

/** Start once all components are there. `trigger` starts an event of gradio, `watch` calls back when a value changes. */
export function add(name, { element, props, trigger, watch, server, upload }) {
	elements[name] = { element, props, trigger, watch };
	if (name === "form") setConnection(server, upload);
	if (pieces.every((piece) => piece in elements)) start();
}

async function start() {
	const { form, paint, stage: stageArea } = elements;
	const page = await call("open_page");
	Object.assign(store.page, page);
	const stage = startStage(stageArea.element);
	const results = startResults(stageArea.element, stage);
	startQueue(stageArea.element);
	startForm(form.element, (photo) => form.trigger("select", { photo, regions: store.form.regions }));
	startPaintBar(paint.element, sendForm);
	startStatus(stageArea.element, {
		onStart: () => stage.setLive({ isPainting: true, image: "" }, true),
		onEnd: (job) => finish(job),
	});
	let hasShown = false;
	on("results", (values) => {
		results.show(values);
		if (!hasShown && values.length > 0 && !stageArea.element.querySelector('[data-phase="painting"]')) stage.show(values[0].id);
		hasShown = true;
	});
	on("frame", ({ image, curve }) => {
		stage.setLive({ image });
		if (image) stageArea.element.querySelector('[data-part="live-curve"]').innerHTML = curve;
		stageArea.element.querySelector('[data-part="live-curve-details"]').hidden = !image;
	});
	load(page);
	document.querySelector(".gradio-container").dataset.ready = "true";
	follow();

	function finish(job) {
		stage.setLive({ isPainting: false, image: "" });
		const latest = results.latest();
		if (job.count > 1 && latest?.job === job.job) stage.showSet(job.job);
		else if (latest) stage.show(latest.id);
	}

	/** Send the form and the painted regions, and return what is refused. */
	function sendForm(values) {
		return new Promise((resolve) => {
			answered = resolve;
			paint.trigger("submit", { form: values });
		});
	}
	let answered = () => {};
	paint.watch("value", () => answered(paint.props.value?.error ?? ""));
}
