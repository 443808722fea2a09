// The camera, whose frames are painted one after the other.

const CAMERA_ERRORS = {
	NotAllowedError: "The camera is not allowed; allow it for this page in the browser's settings, or choose a photo.",
	NotFoundError: "There is no camera; choose a photo.",
	NotReadableError: "Another program uses the camera; close it, or choose a photo.",
};

class Camera {
	video = document.createElement("video");
	#devices = [];
	#isStarting = false;
	#onEnd;

	/** `onEnd` is called when the camera ends by itself, as when it is unplugged. */
	constructor(onEnd) {
		this.#onEnd = onEnd;
		this.video.muted = true;
		this.video.playsInline = true; // an iPhone would show it in full screen
	}

	get isOn() {
		return this.video.srcObject !== null && this.video.videoWidth > 0;
	}

	/** Whether there is another camera to switch to. */
	get hasOthers() {
		return this.#devices.length > 1;
	}

	/** Start a camera, by default the one that the browser prefers. Throw an Error with a sentence. */
	async start(deviceId = null) {
		if (!navigator.mediaDevices?.getUserMedia) {
			throw new Error("The browser gives no camera to this address; open the page from disk, from localhost or by https.");
		}
		if (this.#isStarting) return; // a double click
		this.#isStarting = true;
		this.stop();
		try {
			await this.#open(deviceId);
		} catch (error) {
			this.stop();
			throw new Error(CAMERA_ERRORS[error.name] ?? `The camera does not start (${error.message || error.name}); choose a photo.`);
		} finally {
			this.#isStarting = false;
		}
	}

	async #open(deviceId) {
		const choice = deviceId ? { deviceId: { exact: deviceId } } : {};
		const video = { ...choice, width: { ideal: 1280 }, height: { ideal: 960 } };
		this.video.srcObject = await navigator.mediaDevices.getUserMedia({ video });
		for (const track of this.video.srcObject.getVideoTracks()) track.addEventListener("ended", this.#onEnd);
		await this.video.play();
		const devices = await navigator.mediaDevices.enumerateDevices();
		this.#devices = devices.filter((device) => device.kind === "videoinput");
	}

	/** Start the next camera. Throw an Error with a sentence. */
	async switch() {
		const current = this.video.srcObject?.getVideoTracks()[0]?.getSettings().deviceId;
		const index = this.#devices.findIndex((device) => device.deviceId === current);
		await this.start(this.#devices[(index + 1) % this.#devices.length].deviceId);
	}

	stop() {
		for (const track of this.video.srcObject?.getTracks() ?? []) track.stop();
		this.video.srcObject = null;
	}
}
