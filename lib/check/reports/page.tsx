// The frame of every HTML report.
import type { ComponentChildren, VNode } from 'preact';
import { render } from 'preact-render-to-string';
import { contentPolicy, SCRIPT } from './script.js';
import { STYLE } from './style.js';

export interface PageProps {
  title: string;
  footer: string;
  scripted?: boolean;
  children: ComponentChildren;
}

export function Page({ title, footer, scripted = false, children }: PageProps): VNode {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content={contentPolicy()} />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <title>{title}</title>
        {/* An empty icon keeps a browser from asking a server for one. */}
        <link rel="icon" href="data:," />
        <style dangerouslySetInnerHTML={{ __html: STYLE }} />
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to the results
        </a>
        {children}
        <footer>
          <p>{footer}</p>
        </footer>
        {scripted ? <script dangerouslySetInnerHTML={{ __html: SCRIPT }} /> : null}
      </body>
    </html>
  );
}

export function renderPage(page: VNode): string {
  return `<!doctype html>\n${render(page)}\n`;
}

/** A part that may be wider than a phone: it scrolls by itself, by keyboard too. */
export function Scroll({ label, children }: { label: string; children: ComponentChildren }): VNode {
  return (
    <div class="scroll" role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}
