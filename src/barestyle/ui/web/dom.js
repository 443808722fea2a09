// Create elements, and show or hide them.

/** Return a new element; properties that start with "on" are listeners, "class", "aria-*" and "data-*" attributes. */
export function create(tag, properties = {}, ...children) {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(properties)) {
		if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
		else if (name === "class" || name === "for" || name === "role" || name.includes("-")) {
			if (value !== undefined && value !== null) element.setAttribute(name, value);
		} else element[name] = value;
	}
	element.append(...children.filter((child) => child !== null && child !== undefined));
	return element;
}

/** Set a property only if it differs: assigning the same source again would load an image again. */
export function setProperty(element, name, value) {
	if (element[name] !== value) element[name] = value;
}

/** Set an attribute only if it differs. */
export function setAttribute(element, name, value) {
	if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

let lastId = 0;

/** Return an id that no other element has. */
export function newId(prefix) {
	lastId += 1;
	return `${prefix}-${lastId}`;
}
