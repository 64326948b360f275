// The webcam: shown, and one frame taken when asked.

import { el, say } from "./dom.js";

/** A button that opens the camera in `stage` and hands each frame taken to `onPicture`. */
export function webcam(stage, onPicture, signal) {
  let stream = null;

  async function open() {
    if (!navigator.mediaDevices?.getUserMedia) {
      say("This browser gives no camera to this page (it needs https, or this machine).", "wrong");
      return;
    }
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { width: 1280, height: 720 } });
    } catch (error) {
      say(`The camera cannot be used: ${error.message}`, "wrong");
      return;
    }
    const video = el("video", { autoplay: true, playsinline: true, muted: true });
    video.srcObject = stream;
    stage.replaceChildren(video);
    button.textContent = "Take this frame";
    button.onclick = () => take(video);
  }

  async function take(video) {
    const canvas = el("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext("2d").drawImage(video, 0, 0);
    close();
    canvas.toBlob((blob) => blob && onPicture(blob), "image/jpeg", .92);
  }

  function close() {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    button.textContent = "Use the webcam";
    button.onclick = open;
  }

  const button = el("button", { type: "button", id: "webcam" }, "Use the webcam");
  button.onclick = open;
  signal.addEventListener("abort", close);
  return button;
}
