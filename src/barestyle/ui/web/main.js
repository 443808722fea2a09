// The page's script: each component of the page calls its function here when gradio has created it.

import { startCropDialog } from "./crop_dialog.js";
import { create } from "./dom.js";
import { follow, on } from "./follow.js";
import { startForm } from "./form.js";
import { startInstant } from "./instant.js";
import { startPaintBar } from "./paint_bar.js";
import { startQueue } from "./queue.js";
import { startResults } from "./results.js";
import { call, setConnection, UNREACHABLE } from "./server.js";
import { startStage } from "./stage.js";
import { startStatus } from "./status.js";
import { isInstant, load, setRegions, store } from "./store.js";

const elements = {};
const pieces = ["form", "paint", "stage", "crop"];

/** Start once all components are there. `trigger` starts an event of gradio, `watch` calls back when a value changes. */
export function add(name, { element, props, trigger, watch, server, upload }) {
	elements[name] = { element, props, trigger, watch };
	if (name === "form") setConnection(server, upload);
	if (pieces.every((piece) => piece in elements)) start();
}

async function start() {
	let page;
	try {
		page = await call("open_page");
	} catch (error) {
		elements.form.element.replaceChildren(create("p", { class: "message", role: "alert", textContent: error.message }));
		return;
	}
	Object.assign(store.page, page);
	build(elements);
	load(page);
	document.querySelector(".gradio-container").dataset.ready = "true";
	follow();
}

/** Build the parts of the page, and connect them. */
function build({ form, paint, stage: stageArea, crop }) {
	const part = (name) => stageArea.element.querySelector(`[data-part="${name}"]`);
	const stage = startStage(stageArea.element);
	const results = startResults(stageArea.element, stage);
	startQueue(stageArea.element);
	startCropDialog(crop.element);
	startForm(form.element, (photo, regions) => form.trigger("select", { photo, regions }));
	form.watch("value", () => setRegions(form.props.value?.regions));
	const send = createSender(paint, stage);
	const paintBar = startPaintBar(paint.element, (values) => (isInstant(values) ? instant.keep(values) : send(values)));
	const instant = startInstant(stageArea.element, stage, { showResult: results.showWhenThere, onPicture: paintBar.showPicture });
	startStatus(stageArea.element, {
		onStart: () => stage.setLive({ isPainting: true }, true),
		onEnd: (job) => {
			const latest = results.latest();
			stage.setLive({ isPainting: false, image: "" });
			stage.finish(latest, job.count > 1 && latest?.job === job.job);
		},
	});
	let hasShown = false;
	on("results", (values) => {
		results.show(values);
		if (!hasShown && part("stage").dataset.phase === "idle") stage.finish(values[0] ?? null, false);
		hasShown = true;
	});
	on("frame", ({ image, curve }) => {
		stage.setLive({ image });
		if (image) part("live-curve").innerHTML = curve;
		part("live-curve-details").hidden = !image;
	});
}

/** Return a function that sends the form and the painted regions, and returns the server's answer. */
function createSender(paint, stage) {
	let resolve = () => {};
	paint.watch("value", () => resolve(paint.props.value ?? {}));
	on("connection", ({ isConnected }) => {
		if (!isConnected) resolve({ error: UNREACHABLE });
	});
	return async (form) => {
		const answer = await new Promise((take) => {
			resolve = take;
			paint.trigger("submit", { form });
		});
		if (answer.error === undefined) {
			stage.release();
			setRegions(answer.regions);
		}
		return answer;
	};
}
