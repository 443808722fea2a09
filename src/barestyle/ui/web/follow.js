// Follow the session: the current job, the queue and the results, until the page is closed.

import { call } from "./server.js";

const RETRY_MILLISECONDS = 1000;
const listeners = { job: [], frame: [], queue: [], results: [], failures: [], connection: [] };
const seen = {};

/** Call a function with a part of the session whenever it changes: job, frame, queue, results, failures, or connection. */
export function on(part, listener) {
	listeners[part].push(listener);
}

/** Ask the server for changes again and again. */
export async function follow() {
	let isConnected = true;
	for (;;) {
		try {
			const changes = await call("follow", seen);
			if (!isConnected) {
				isConnected = true;
				emit("connection", { isConnected, isNewServer: !("results" in changes) ? false : changes.results.value.length === 0 });
			}
			for (const [part, { digest, value }] of Object.entries(changes)) {
				seen[part] = digest;
				emit(part, value);
			}
		} catch {
			if (isConnected) emit("connection", { isConnected: (isConnected = false) });
			await new Promise((resolve) => setTimeout(resolve, RETRY_MILLISECONDS));
		}
	}
}

function emit(part, value) {
	for (const listener of listeners[part]) {
		try {
			listener(value);
		} catch (error) {
			console.error(error); // not a lost connection
		}
	}
}
