// Browsers start no worker for a page that was opened from a file, and the search of this site is one.
// There, a hidden frame takes its place: it runs the same script, and passes messages on.
if (location.protocol === "file:") {
  window.IFrameWorker = window.Worker = class extends EventTarget {
    constructor(url) {
      super()
      this.frame = document.createElement("iframe")
      this.frame.hidden = true
      const back = document.createElement("script")
      back.textContent = 'self.postMessage = data => frameElement.dispatchEvent(new MessageEvent("message", { data }))'
      const work = document.createElement("script")
      work.src = url
      this.frame.srcdoc = back.outerHTML + work.outerHTML
      this.frame.addEventListener("message", event =>
        this.dispatchEvent(new MessageEvent("message", { data: event.data }))
      )
      this.ready = new Promise(loaded => this.frame.addEventListener("load", loaded, { once: true }))
      document.body.append(this.frame)
    }

    postMessage(data) {
      this.ready.then(() => {
        const inside = this.frame.contentWindow
        inside.dispatchEvent(new inside.MessageEvent("message", { data }))
      })
    }

    terminate() {
      this.frame.remove()
    }
  }
}
