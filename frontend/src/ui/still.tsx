// A quiet page: one fact, one reason, one next step.
import type { ComponentChildren } from 'preact';
import { Icon } from './icon';
import type { Page } from './page';
import { Said } from './strip';

interface StillProps {
  readonly page: Page;
  readonly children: ComponentChildren;
  readonly footer?: ComponentChildren;
  readonly aside?: ComponentChildren;
  readonly look?: string;
  /** Content from the top instead of the middle. */
  readonly top?: boolean;
}

export function Still({ page, children, footer, aside, look, top }: StillProps) {
  return (
    <div class={`still ${look ?? ''} ${top ? 'top' : ''}`}>
      <header class="row between">
        <span class="mark">
          <i aria-hidden="true">
            <b />
          </i>
          Thirds
        </span>
        {aside}
      </header>
      <main>
        <div role="status">
          <Said page={page} live={null} />
        </div>
        {children}
      </main>
      <footer>{footer}</footer>
    </div>
  );
}

export function CallStaff({ page, primary }: { page: Page; primary?: boolean }) {
  if (!page.staffPhone) return null;
  return (
    <a class={`btn wide big ${primary ? 'primary' : ''}`} href={`tel:${page.staffPhone}`}>
      <Icon name="phone" />
      Call staff
    </a>
  );
}

export function HelpLine({ before }: { before: string }) {
  return (
    <p class="help-line">
      {before} Call or text <a href="tel:988">988</a>.
    </p>
  );
}

export function Home({ page, primary, words }: { page: Page; primary?: boolean; words: string }) {
  return (
    <a class={`btn big wide ${primary ? 'primary' : ''}`} href={page.home}>
      {words}
    </a>
  );
}
