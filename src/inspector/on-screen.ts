/** Tells whether anybody can see an element: its document is shown and the element is in or near the viewport. */

/** Calls `tell` at each change, first as soon as it is known. The result ends it and takes every listener back. */
export function watchOnScreen(element: Element, tell: (onScreen: boolean) => void): () => void {
  const { ownerDocument } = element;
  // Where the browser cannot say, the element counts as in view: the document's own state still holds.
  let inView = typeof IntersectionObserver === 'undefined';
  let told: boolean | null = null;

  const check = (): void => {
    const onScreen = inView && ownerDocument.visibilityState === 'visible';
    if (onScreen === told) return;
    told = onScreen;
    tell(onScreen);
  };
  let observer: IntersectionObserver | null = null;
  if (!inView) {
    observer = new IntersectionObserver((entries) => {
      inView = entries.at(-1)?.isIntersecting ?? inView;
      check();
    });
    observer.observe(element);
  }
  ownerDocument.addEventListener('visibilitychange', check);
  check();

  return () => {
    observer?.disconnect();
    ownerDocument.removeEventListener('visibilitychange', check);
  };
}
