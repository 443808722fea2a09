// What is happening, in words: below the stage, to screen readers, in the tab's title, and as a notice at the end.

import { setProperty } from "./dom.js";
import { on } from "./follow.js";

const ANNOUNCE_MILLISECONDS = 15000;
const isBusy = (phase) => phase === "waiting" || phase === "painting";

/** Show the current job. `onStart` and `onEnd` are called with it when it begins and when it is over. */
export function startStatus(element, { onStart, onEnd }) {
	const part = (name) => element.querySelector(`[data-part="${name}"]`);
	const title = document.title;
	let phase = "idle";
	let jobId = null;
	let announced = 0;

	on("job", (job) => {
		const hasStarted = isBusy(job.phase) && (job.job !== jobId || !isBusy(phase));
		const hasEnded = job.job === jobId && isBusy(phase) && !isBusy(job.phase);
		part("stage").dataset.phase = job.phase;
		setProperty(part("headline"), "textContent", job.headline);
		setProperty(part("details"), "textContent", job.details);
		part("progress").hidden = job.phase !== "painting";
		part("progress").value = job.share;
		phase = job.phase;
		jobId = job.job;
		document.title = job.phase === "painting" ? `${Math.round(job.share * 100)}% – ${title}` : hasEnded && document.hidden ? `Done – ${title}` : title;
		announce(job, hasStarted || hasEnded);
		part("notify").hidden = !isBusy(job.phase) || !("Notification" in window) || Notification.permission !== "default";
		if (hasStarted) onStart(job);
		if (hasEnded) {
			onEnd(job);
			notifyPerson(job);
		}
	});
	part("notify").addEventListener("click", async () => {
		await Notification.requestPermission();
		part("notify").hidden = true;
	});
	document.addEventListener("visibilitychange", () => {
		if (!document.hidden && !isBusy(phase)) document.title = title;
	});
	on("failures", (sentences) => setProperty(part("failures"), "textContent", sentences.join(" ")));
	on("connection", ({ isConnected, isNewServer }) => {
		if (!isConnected) part("connection").textContent = "The connection to the server was lost. Trying again…";
		else if (isNewServer) part("connection").textContent = "The server was restarted, and earlier pictures are gone.";
		else part("connection").textContent = "";
	});

	function notifyPerson(job) {
		if (!document.hidden || !("Notification" in window) || Notification.permission !== "granted") return;
		try {
			new Notification(title, { body: job.headline });
		} catch (error) {
			console.warn(error); // browsers of phones allow it to service workers only
		}
	}

	function announce(job, isImportant) {
		const now = Date.now();
		if (!isImportant && (job.phase !== "painting" || now - announced < ANNOUNCE_MILLISECONDS)) return;
		announced = now;
		part("announcement").textContent = isBusy(job.phase) ? `${job.headline} ${job.details}` : job.headline;
	}
}
