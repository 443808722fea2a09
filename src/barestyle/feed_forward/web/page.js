// The page: its controls, what they ask for, and what is shown.

const SETTLE_MS = 350; // after the last movement of the strength, until the picture is painted in full
const FEWEST_PIXELS = 128 * 128; // a browser that cannot paint these paints nothing
const NUMBER = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });

const part = (name) => document.querySelector(`[data-part="${name}"]`);
const { styles } = JSON.parse(document.getElementById("settings").textContent);
const painter = new Painter();
const camera = new Camera(() => stopCamera("The camera ended; start it again, or choose a photo."));
const speed = new Speed();
const scratch = document.createElement("canvas");
const wanted = { styles, photo: null, video: null, style: 0, strength: 1, side: 512, maxPixels: Infinity, isAdjusting: false };
let shown = null; // the painting on the screen
let current = null; // the painting in progress
let settleTimer = 0;

/** Paint what is wanted next, and go on until all is painted. If something is being painted, that goes on first. */
async function advance() {
	if (current) {
		showProgress();
		stopOutdated();
		return;
	}
	for (let next = chooseNext(wanted, shown, speed); next; next = chooseNext(wanted, shown, speed)) {
		current = { ...next, started: performance.now() };
		showProgress();
		try {
			await paint(current);
		} catch (error) {
			if (!(error instanceof StoppedError) && !canRetry(error, current.size)) {
				showFailure(error);
				return;
			}
		} finally {
			current = null;
		}
	}
	showProgress();
}

async function paint(job) {
	const image = readPixels(drawScaled(scratch, job.source, job.size));
	const { pixels, seconds } = await painter.paint(image, mixWeights(styles.length, job.style, job.strength));
	if (job.kind === "thumbnail") {
		job.photo.thumbnails.add(job.style);
		if (job.photo === wanted.photo) showThumbnail(job, pixels);
		return;
	}
	speed.note(job.size, seconds);
	if (job.kind === "frame" ? !camera.isOn : job.photo !== wanted.photo || wanted.video) return; // it comes too late
	const size = job.kind === "frame" ? fitSize(wholeFrame(), wanted.side) : chooseFullSize(wanted);
	if (job.kind !== "preview" || shown?.photo !== job.photo) drawScaled(part("before"), scratch, job.size);
	showPixels(part("after"), pixels, job.size);
	showShape(size);
	shown = job;
	if (job.kind !== "frame") part("status").textContent = job.kind === "full" ? describe(job, seconds) : "Preview";
	if (job.kind === "frame") part("rate").textContent = `${NUMBER.format(1 / seconds)} pictures per second`;
}

/** Return what is said of a finished picture. */
function describe({ photo, size }, seconds) {
	const { width, height } = size;
	let reason = "";
	if (width < fitSize(photo.canvas, wanted.side).width) reason = " (larger ones need more memory than the browser has)";
	else if (Math.max(width, height) < wanted.side) reason = " (the photo's own size)";
	return `${width} × ${height} pixels${reason}, painted in ${NUMBER.format(seconds)} s`;
}

function wholeFrame() {
	return { width: camera.video.videoWidth, height: camera.video.videoHeight };
}

/** Give the picture its size on the screen, which stays while previews have fewer pixels. */
function showShape({ width, height }) {
	part("comparison").style.setProperty("--width", width);
	part("comparison").style.setProperty("--height", height);
	part("comparison").hidden = false;
	part("empty").hidden = true;
}

function showThumbnail({ style, size }, pixels) {
	const canvas = document.querySelector(`canvas[data-style="${style}"]`);
	showPixels(canvas, pixels, size);
	canvas.hidden = false;
}

/** Show whether a picture is being painted, and whether it can be downloaded. */
function showProgress() {
	const isFull = current?.kind === "full";
	const isFirst = current !== null && shown === null && !wanted.video;
	const isFinished = shown?.kind === "full" && [undefined, "thumbnail"].includes(chooseNext(wanted, shown, speed)?.kind);
	part("progress").hidden = !isFull && !isFirst;
	part("download").hidden = wanted.photo === null || wanted.video !== null;
	part("download").setAttribute("aria-disabled", String(!isFinished));
	if (!isFull && !isFirst) return;
	const seconds = isFull ? speed.estimate(current.size) : null;
	const about = seconds === null || seconds < 1 ? "" : `, about ${Math.round(seconds)} s`;
	part("status").textContent = isFull ? `Painting ${current.size.width} × ${current.size.height} pixels${about}…` : "Painting…";
}

/** Stop a painting in progress that is not wanted any more, if it would take longer than starting anew. */
function stopOutdated() {
	if (current.kind !== "full") return;
	const { style, strength, photo } = wanted;
	if (!wanted.video && isSame(current, { kind: "full", photo, style, strength, size: chooseFullSize(wanted) })) return;
	const secondsLeft = (speed.estimate(current.size) ?? 0) - (performance.now() - current.started) / 1000;
	if (secondsLeft > painter.startSeconds) painter.stop();
}

/** Return whether a painting that failed can be done in a smaller size, which is used from now on. */
function canRetry(error, { width, height }) {
	if (!(error instanceof MemoryError) || width * height < FEWEST_PIXELS) return false;
	wanted.maxPixels = (width * height) / 2;
	return true;
}

function showFailure(error) {
	const isMemory = error instanceof MemoryError;
	showMessage(
		isMemory ? "The browser has too little memory; close other tabs, and reload the page." : `Painting failed (${error.message}); reload the page.`,
	);
	part("status").textContent = "";
	part("progress").hidden = true;
}

function showMessage(text) {
	part("message").textContent = text;
}

/** Show the buttons of the camera, or those to start it, and paint again. */
function updateCamera() {
	const isOn = camera.isOn;
	wanted.video = isOn ? camera.video : null;
	part("camera").hidden = isOn;
	part("take").hidden = part("stop").hidden = !isOn;
	part("switch").hidden = !isOn || !camera.hasOthers;
	disableCameraButtons(false);
	part("rate").textContent = "";
	part("status").textContent = isOn ? "The camera is on; its pictures stay on this device." : "";
	shown = null;
	if (!isOn && !wanted.photo) {
		part("comparison").hidden = true;
		part("empty").hidden = false;
	}
	advance();
}

/** Disable the buttons of the camera while it starts, when it has no picture yet, or enable them. */
function disableCameraButtons(isDisabled) {
	for (const name of ["take", "switch", "stop"]) part(name).disabled = isDisabled;
}

async function useCamera(start) {
	showMessage("");
	disableCameraButtons(true);
	part("rate").textContent = "";
	part("status").textContent = "Starting the camera…";
	try {
		await start();
	} catch (error) {
		showMessage(error.message);
	}
	updateCamera();
	if (camera.isOn) part("take").focus();
}

function stopCamera(message = "") {
	camera.stop();
	showMessage(message);
	updateCamera();
	part("camera").focus();
}

function takePicture() {
	const photo = keepPhoto(camera.video, wholeFrame(), "camera");
	camera.stop();
	usePhoto(photo);
	part("camera").focus();
}

function usePhoto(photo) {
	wanted.photo = { ...photo, thumbnails: new Set() };
	camera.stop();
	showMessage("");
	updateCamera();
}

async function receiveFile(file) {
	try {
		usePhoto(await readPhoto(file));
	} catch (error) {
		showMessage(error.message);
	}
}

function changeStrength() {
	const percent = part("strength").value;
	wanted.strength = percent / 100;
	part("strength-value").textContent = `${percent}%`;
	part("strength").setAttribute("aria-valuetext", `${percent}%`);
	wanted.isAdjusting = true;
	clearTimeout(settleTimer);
	settleTimer = setTimeout(() => {
		wanted.isAdjusting = false;
		advance();
	}, SETTLE_MS);
	advance();
}

function download() {
	if (part("download").getAttribute("aria-disabled") === "true") return;
	const { photo, style, strength } = shown;
	const name = [photo.name, styles[style], ...(strength < 1 ? [Math.round(100 * strength)] : [])].join("-");
	part("after").toBlob((blob) => {
		const link = document.createElement("a");
		link.href = URL.createObjectURL(blob);
		link.download = `${name.replace(/[^\p{L}\p{N}._-]+/gu, "-")}.png`;
		link.click();
		setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
	}, "image/png");
}

function startPage() {
	const missing = findMissingFeature();
	if (missing) {
		showMessage(missing);
		part("controls").disabled = true;
		return;
	}
	watchFiles(part("file"), receiveFile);
	part("empty").addEventListener("click", () => part("file").click());
	part("camera").addEventListener("click", () => useCamera(() => camera.start()));
	part("switch").addEventListener("click", () => useCamera(() => camera.switch()));
	part("take").addEventListener("click", takePicture);
	part("stop").addEventListener("click", () => stopCamera());
	part("strength").addEventListener("input", changeStrength);
	part("size").addEventListener("change", () => {
		wanted.side = Number(part("size").value);
		advance();
	});
	part("controls").addEventListener("change", (event) => {
		if (event.target.name !== "style") return;
		wanted.style = Number(event.target.value);
		advance();
	});
	part("download").addEventListener("click", download);
	document.addEventListener("visibilitychange", advance);
	startComparison(part("comparison"), part("divider"));
	document.querySelector("form").reset(); // a browser that reloads a page keeps what was chosen
	wanted.side = Number(part("size").value);
	painter.start().then(advance, showFailure);
}

startPage();
