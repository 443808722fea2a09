// The worker of the page without a server: it runs the network. A classic worker, because browsers start no module
// workers for a page that was opened from disk.

"use strict";

let ort = null;
let session = null;

self.onmessage = async ({ data }) => {
	try {
		if (data.kind === "start") {
			await start(data);
			self.postMessage({ kind: "ready" });
		} else {
			const started = performance.now();
			const pixels = await paint(data);
			const seconds = (performance.now() - started) / 1000;
			self.postMessage({ kind: "painted", id: data.id, pixels, seconds }, [pixels.buffer]);
		}
	} catch (error) {
		self.postMessage({ kind: "failed", id: data.id, reason: String(error?.message ?? error) });
	}
};

/** Load ONNX Runtime and the network. The runtime uses several threads where the page is cross-origin isolated. */
async function start({ runtime, wasm, network }) {
	// A page from disk has no origin, and only a URL that the worker has made itself can be imported then.
	ort = await import(URL.createObjectURL(new Blob([runtime], { type: "text/javascript" })));
	ort.env.wasm.wasmBinary = wasm;
	session = await ort.InferenceSession.create(new Uint8Array(network), { executionProviders: ["wasm"] });
}

/** Return the painted pixels as RGBA, of pixels as RGBA. */
async function paint({ pixels, width, height, weights }) {
	const count = width * height;
	const image = new Float32Array(3 * count);
	for (let index = 0; index < count; index++) {
		for (let channel = 0; channel < 3; channel++) image[channel * count + index] = pixels[4 * index + channel] / 255;
	}
	const { painted } = await session.run({
		image: new ort.Tensor("float32", image, [1, 3, height, width]),
		weights: new ort.Tensor("float32", weights, [1, weights.length]),
	});
	const result = new Uint8ClampedArray(4 * count).fill(255);
	for (let index = 0; index < count; index++) {
		for (let channel = 0; channel < 3; channel++) result[4 * index + channel] = 255 * painted.data[channel * count + index];
	}
	painted.dispose();
	return result;
}
