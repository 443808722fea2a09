// Calls of the server's functions, and uploads.

export const UNREACHABLE = "The server can't be reached. Try again in a moment.";

let connect;
const connection = new Promise((resolve) => {
	connect = resolve;
});

/** Take the functions that gradio gives to the component that declares them. */
export function setConnection(server, upload) {
	connect({ server, upload });
}

/** Call a function of the server; throw an Error whose message is a sentence for people if it refuses. */
export async function call(name, argument = null) {
	const { server } = await connection;
	const answer = await server[name](argument);
	if (!answer) throw new Error(UNREACHABLE);
	if (answer.error) throw new Error(answer.error);
	return answer;
}

/** Send a file to the server and return its path there. */
export async function uploadFile(file, limits) {
	if (file.size > limits.max_upload) {
		const megabytes = (bytes) => `${Math.round(bytes / 1e5) / 10} MB`;
		throw new Error(
			`“${file.name}” has ${megabytes(file.size)}; the limit is ${megabytes(limits.max_upload)}. Save it smaller.`,
		);
	}
	const { upload } = await connection;
	const answer = await upload(file).catch(() => null); // the client has logged why
	if (!answer?.path) throw new Error(UNREACHABLE);
	return answer.path;
}

/** Return the URL of a picture's preview. */
export function previewUrl(id) {
	return `session/pictures/${encodeURIComponent(id)}`;
}

/** Return the URL of a file of a result. */
export function resultUrl(id, kind) {
	return `session/results/${id}/${kind}`;
}
