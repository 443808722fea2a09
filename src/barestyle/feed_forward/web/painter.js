// Starts the worker that paints, and starts it again after a failure or when a painting is not wanted any more.

const MEMORY_FAILURE = /bad_alloc|memory|allocat|OOM|Array buffer|Array length|out of bounds/i;

/** A painting for which the browser has too little memory. */
class MemoryError extends Error {}

/** A painting that was stopped because another one is wanted. */
class StoppedError extends Error {}

class Painter {
	startSeconds = 0; // that the latest start of the worker took
	#files = null;
	#worker = null;
	#ready = null;
	#pending = null; // { id, resolve, reject } of the painting in progress
	#lastId = 0;

	/** Load the network; can be awaited again. Throw an Error with a sentence if the browser cannot. */
	start() {
		this.#ready ??= this.#start();
		return this.#ready;
	}

	/** Return { pixels, seconds } for an ImageData and the weights of the photo and of each style. One at a time. */
	async paint(image, weights) {
		await this.start();
		return new Promise((resolve, reject) => {
			this.#lastId += 1;
			this.#pending = { id: this.#lastId, resolve, reject };
			const { width, height } = image;
			const message = { kind: "paint", id: this.#lastId, pixels: image.data, width, height, weights };
			this.#worker.postMessage(message, [image.data.buffer]);
		});
	}

	/** Stop the painting in progress, which throws StoppedError. */
	stop() {
		this.#fail(new StoppedError("stopped"));
	}

	async #start() {
		this.#files ??= await unpackFiles(["runtime", "wasm", "network"]);
		const source = document.getElementById("worker").textContent;
		const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
		const started = performance.now();
		this.#worker = new Worker(url);
		await new Promise((resolve, reject) => {
			this.#pending = { resolve, reject };
			this.#worker.onmessage = ({ data }) => this.#receive(data);
			this.#worker.onerror = (event) => {
				event.preventDefault();
				this.#fail(new Error(event.message || "the worker ended"));
			};
			this.#worker.postMessage({ kind: "start", ...this.#files });
		}).finally(() => URL.revokeObjectURL(url));
		this.startSeconds = (performance.now() - started) / 1000;
	}

	#receive(message) {
		if (message.kind === "failed") {
			const reason = MEMORY_FAILURE.test(message.reason) ? new MemoryError(message.reason) : new Error(message.reason);
			this.#fail(reason);
		} else if (message.id === this.#pending?.id) {
			const { resolve } = this.#pending;
			this.#pending = null;
			resolve(message);
		}
	}

	/** End the worker, as a failure leaves its memory in an unknown state; the next painting starts another one. */
	#fail(error) {
		this.#worker?.terminate();
		this.#worker = null;
		this.#ready = null;
		const pending = this.#pending;
		this.#pending = null;
		pending?.reject(error);
	}
}

/** Return the files that the page contains as compressed Base64 text, by the ids of their elements. */
async function unpackFiles(ids) {
	const unpack = async (id) => {
		const bytes = Uint8Array.from(atob(document.getElementById(id).textContent), (letter) => letter.charCodeAt(0));
		const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
		return [id, await new Response(stream).arrayBuffer()];
	};
	return Object.fromEntries(await Promise.all(ids.map(unpack)));
}

/** Return a sentence if this browser cannot run the page, or null. */
function findMissingFeature() {
	const remedy = "Use a current version of Firefox, Chrome, Edge or Safari.";
	if (typeof WebAssembly !== "object") return `This browser has no WebAssembly, or it is disabled. ${remedy}`;
	if (typeof DecompressionStream === "undefined") return `This browser cannot unpack the network. ${remedy}`;
	return null;
}
