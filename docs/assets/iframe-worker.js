// A stand-in for Worker on pages that were opened as files: browsers start no worker from a file.
// The worker's script runs in an invisible frame of its own, and messages go over one after another.
(() => {
  if (location.protocol !== "file:") return;

  class FrameWorker extends EventTarget {
    onmessage = null;
    onerror = null;
    onmessageerror = null;
    #frame = document.createElement("iframe");
    #ready;

    constructor(script) {
      super();
      this.#frame.hidden = true;
      this.#ready = new Promise((resolve) => {
        this.#frame.addEventListener("load", () => resolve(this.#start(String(script))), { once: true });
      });
      document.documentElement.append(this.#frame);
    }

    #start(script) {
      const inside = this.#frame.contentWindow;
      // Within a worker, postMessage answers whoever started it.
      inside.postMessage = (data) => this.#answer(data);
      return new Promise((resolve, reject) => {
        const element = inside.document.createElement("script");
        element.src = script;
        element.onload = () => resolve(inside);
        element.onerror = () => {
          this.onerror?.(new ErrorEvent("error", { message: `cannot load ${script}` }));
          reject(new Error(script));
        };
        inside.document.body.append(element);
      });
    }

    #answer(data) {
      const event = new MessageEvent("message", { data });
      this.onmessage?.(event);
      this.dispatchEvent(event);
    }

    postMessage(data) {
      this.#ready.then((inside) => {
        const event = new inside.MessageEvent("message", { data });
        inside.onmessage?.(event);
        inside.dispatchEvent(event);
      });
    }

    terminate() {
      this.#frame.remove();
    }
  }

  window.Worker = FrameWorker;
})();
