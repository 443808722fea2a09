// The stage: the picture while it forms, then before and after, with zoom, full screen, and any two results compared.

import { create, setAttribute, setProperty } from "./dom.js";
import { resultUrl } from "./server.js";

const STEP = 1.25;
const MAX_ZOOM = 8;
const PREVIEW_SIDE = 1600;
const PHOTO = "photo";

/** Build the stage inside an element. Its parts are in stage.html. */
export function startStage(element) {
	const part = (name) => element.querySelector(`[data-part="${name}"]`);
	const viewport = part("viewport");
	const comparison = part("comparison");
	const divider = part("divider");
	const compareWith = part("compare-with");
	const listeners = [];
	let results = [];
	let result = null; // the one that is shown
	let other = PHOTO; // id of the result that it is compared with, or PHOTO
	let zoom = "fit";
	let isHeld = false; // the person has chosen what is shown, and it stays when another picture is finished
	let live = { isPainting: false, image: "" };
	let hint = ""; // what to do where there is nothing to show
	let gridJob = null; // the job whose results are shown side by side

	part("fit").addEventListener("click", () => setZoom("fit"));
	part("actual").addEventListener("click", () => setZoom(1));
	part("larger").addEventListener("click", () => setZoom(scale() * STEP));
	part("smaller").addEventListener("click", () => setZoom(scale() / STEP));
	part("full-screen").disabled = !document.fullscreenEnabled; // as on iPhones
	part("full-screen").addEventListener("click", () => {
		if (document.fullscreenElement) document.exitFullscreen();
		else part("frame-area").requestFullscreen();
	});
	document.addEventListener("fullscreenchange", () => {
		part("full-screen").setAttribute("aria-pressed", String(Boolean(document.fullscreenElement)));
		layOut();
	});
	part("show-set").addEventListener("click", () => {
		gridJob = gridJob === null ? result.job : null;
		render();
	});
	part("watch").addEventListener("click", () => {
		isHeld = false;
		setLive({}, true);
	});
	compareWith.addEventListener("change", () => {
		other = compareWith.value;
		render();
	});
	new ResizeObserver(layOut).observe(viewport);

	divider.addEventListener("input", () => moveDivider(Number(divider.value)));
	comparison.addEventListener("pointerdown", startDrag);
	viewport.addEventListener(
		"wheel",
		(event) => {
			if (!event.ctrlKey || !result) return;
			event.preventDefault();
			setZoom(scale() * (event.deltaY < 0 ? STEP : 1 / STEP));
		},
		{ passive: false },
	);
	viewport.addEventListener("keydown", (event) => {
		const action = { "+": () => setZoom(scale() * STEP), "-": () => setZoom(scale() / STEP), 0: () => setZoom("fit"), 1: () => setZoom(1) }[event.key];
		if (!action || !result || event.target !== viewport) return;
		event.preventDefault();
		action();
	});

	/** Return the URL of a file of a result. An instant picture, which has none, has the URLs of both pictures. */
	function urlOf(each, kind) {
		return each.urls ? each.urls[kind === "before" ? "before" : "after"] : resultUrl(each.id, kind);
	}

	function fitScale() {
		const room = { width: viewport.clientWidth, height: viewport.clientHeight };
		return Math.min(1, room.width / result.width, room.height / result.height);
	}

	function scale() {
		return zoom === "fit" ? fitScale() : zoom;
	}

	function setZoom(value) {
		const center = { x: viewport.scrollLeft + viewport.clientWidth / 2, y: viewport.scrollTop + viewport.clientHeight / 2 };
		const before = scale();
		zoom = value === "fit" ? "fit" : Math.min(MAX_ZOOM, Math.max(fitScale(), value));
		if (zoom === fitScale()) zoom = "fit";
		layOut();
		viewport.scrollLeft = (center.x * scale()) / before - viewport.clientWidth / 2;
		viewport.scrollTop = (center.y * scale()) / before - viewport.clientHeight / 2;
	}

	/** Give the picture its size on the screen, in CSS pixels. Beyond the preview's pixels, load the whole picture. */
	function layOut() {
		if (!result || comparison.hidden) return;
		const width = Math.max(1, Math.round(result.width * scale()));
		const height = Math.max(1, Math.round(result.height * scale()));
		comparison.style.width = `${width}px`;
		comparison.style.height = `${height}px`;
		const isPanned = width > viewport.clientWidth || height > viewport.clientHeight;
		viewport.classList.toggle("is-panned", isPanned);
		setAttribute(part("fit"), "aria-pressed", String(zoom === "fit"));
		setAttribute(part("actual"), "aria-pressed", String(Math.abs(scale() - 1) < 0.001));
		setProperty(part("zoom-level"), "textContent", `${Math.round(scale() * 100)}%`);
		// What the comparison shows beyond a preview's pixels is the picture itself.
		const needsPixels = Math.max(width, height) * window.devicePixelRatio > PREVIEW_SIDE && Math.max(result.width, result.height) > PREVIEW_SIDE;
		const kind = needsPixels ? "picture" : "after";
		setAttribute(part("after"), "src", urlOf(result, kind));
		if (other !== PHOTO) setAttribute(part("before"), "src", resultUrl(other, kind));
	}

	function moveDivider(percent) {
		divider.value = percent;
		comparison.style.setProperty("--divider", `${percent}%`);
		divider.setAttribute("aria-valuetext", `${Math.round(percent)}% ${other === PHOTO ? "photo" : "other picture"}`);
	}

	/** The divider follows the pointer; if the picture is larger than its frame, only the handle does, and the rest pans. */
	function startDrag(event) {
		if (event.button !== 0) return;
		const box = comparison.getBoundingClientRect();
		const handle = box.left + (box.width * Number(divider.value)) / 100;
		const pans = viewport.classList.contains("is-panned") && Math.abs(event.clientX - handle) > 24;
		if (pans && event.pointerType !== "mouse") return; // the browser pans by touch
		event.preventDefault();
		const start = { x: event.clientX, y: event.clientY, left: viewport.scrollLeft, top: viewport.scrollTop };
		const move = (moved) => {
			if (pans) {
				viewport.scrollLeft = start.left - (moved.clientX - start.x);
				viewport.scrollTop = start.top - (moved.clientY - start.y);
				return;
			}
			const current = comparison.getBoundingClientRect();
			moveDivider(Math.round(Math.min(1, Math.max(0, (moved.clientX - current.left) / current.width)) * 100));
		};
		const end = () => {
			comparison.removeEventListener("pointermove", move);
			divider.focus({ preventScroll: true });
		};
		comparison.setPointerCapture(event.pointerId);
		comparison.addEventListener("pointermove", move);
		comparison.addEventListener("pointerup", end, { once: true });
		comparison.addEventListener("pointercancel", end, { once: true });
		if (!pans) move(event);
	}

	function render() {
		const showsGrid = gridJob !== null;
		const showsLive = live.isPainting && !result && !showsGrid;
		comparison.hidden = !result || showsGrid;
		part("live").hidden = !showsLive || !live.image;
		if (live.image) setProperty(part("live"), "src", live.image);
		part("hint").hidden = Boolean(result) || showsGrid || (showsLive && live.image !== "");
		setProperty(part("hint"), "textContent", showsLive ? "One moment…" : hint || "Your picture will appear here.");
		part("set").hidden = !showsGrid;
		part("toolbar").hidden = !result && !showsGrid;
		part("watch").hidden = !live.isPainting;
		for (const name of ["fit", "actual", "larger", "smaller", "zoom-level", "full-screen"]) part(name).hidden = !result || showsGrid;
		const set = result ? results.filter((each) => each.job === result.job) : [];
		part("show-set").hidden = !showsGrid && set.length < 2;
		setProperty(part("show-set"), "textContent", showsGrid ? "Show one" : `Show all ${set.length}`);
		part("compare-field").hidden = !result || showsGrid;
		if (showsGrid) renderGrid();
		else if (result) renderComparison();
		for (const listener of listeners) listener(showsGrid ? null : result);
	}

	function renderComparison() {
		const others = results.filter((each) => each.id !== result.id);
		if (other !== PHOTO && !others.some((each) => each.id === other)) other = PHOTO;
		const options = [{ id: PHOTO, caption: "the photo" }, ...others];
		if ([...compareWith.options].map((option) => option.value).join() !== options.map((each) => each.id).join())
			compareWith.replaceChildren(...options.map((each) => create("option", { value: each.id, textContent: each.caption })));
		compareWith.value = other;
		if (other === PHOTO) setAttribute(part("before"), "src", urlOf(result, "before"));
		part("before").alt = other === PHOTO ? "The photo" : others.find((each) => each.id === other).caption;
		part("after").alt = `The painted picture: ${result.caption}`;
		setProperty(part("first-tag"), "textContent", other === PHOTO ? "Photo" : others.find((each) => each.id === other).title);
		setProperty(part("last-tag"), "textContent", result.title);
		layOut();
	}

	function renderGrid() {
		const set = results.filter((each) => each.job === gridJob).reverse();
		part("set").replaceChildren(
			...set.map((each) => {
				const image = create("img", { src: resultUrl(each.id, "after"), alt: "" });
				const button = create("button", { type: "button", onclick: () => show(each.id), "aria-label": `Show ${each.caption}` }, image);
				return create("li", {}, button, create("span", { class: "info", textContent: each.caption }));
			}),
		);
	}

	/** Show a result beside the photo, or beside another result. */
	function show(id, compared = PHOTO) {
		isHeld = true;
		const next = results.find((each) => each.id === id) ?? null;
		if (next?.id !== result?.id) {
			zoom = "fit";
			moveDivider(50);
		}
		result = next;
		other = compared;
		gridJob = null;
		render();
	}

	/** Show the results of a job side by side. */
	function showSet(job) {
		gridJob = job;
		result = results.find((each) => each.job === job) ?? result;
		render();
	}

	/** Show a result, or the set of its job, unless the person has chosen another one. */
	function finish(latest, isSet) {
		if (isHeld || !latest) return render();
		if (isSet) showSet(latest.job);
		else show(latest.id);
		isHeld = false;
	}

	/** Show an instant picture; it replaces the one before it at the same zoom. */
	function showInstant(picture) {
		if (!result?.urls) zoom = "fit";
		isHeld = true;
		result = picture;
		gridJob = null;
		render();
	}

	/** Show what is being painted, or the latest result, in place of an instant picture. */
	function hideInstant() {
		if (result?.urls) {
			result = live.isPainting ? null : (results[0] ?? null);
			isHeld = false;
		}
		render();
	}

	/** Say what to do where there is nothing to show. */
	function setHint(text) {
		if (text === hint) return;
		hint = text;
		render();
	}

	/** Take the session's results; one that was shown and is deleted is replaced by the latest. */
	function setResults(values) {
		results = values;
		if (result && !result.urls && !results.some((each) => each.id === result.id)) result = results[0] ?? null;
		if (gridJob !== null && !results.some((each) => each.job === gridJob)) gridJob = null;
		render();
	}

	/** Show the picture while it is painted; `isNew` leaves the result that was shown until then. */
	function setLive(values, isNew = false) {
		live = { ...live, ...values };
		if (isNew && !isHeld) {
			result = null;
			gridJob = null;
		}
		render();
	}

	moveDivider(50);
	render();
	return { show, showSet, showInstant, hideInstant, setHint, setResults, setLive, finish, release: () => (isHeld = false), holdsResult: () => isHeld && result !== null && !result.urls, onShow: (listener) => listeners.push(listener), current: () => result };
}
