// Tabs by the ARIA pattern: arrows move, Enter or Space chooses.
interface TabView<T extends string> {
  readonly id: T;
  readonly words: string;
  readonly count: number;
  readonly counted: string;
  /** The count asks for someone to look. */
  readonly calls?: boolean;
}

interface TabsProps<T extends string> {
  readonly label: string;
  readonly tabs: readonly TabView<T>[];
  readonly chosen: T;
  readonly onChoose: (id: T) => void;
}

function moved(event: KeyboardEvent) {
  const steps: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowLeft: -1 };
  const step = steps[event.key];
  if (!step || !(event.currentTarget instanceof HTMLElement)) return;
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>('[role=tab]')];
  const at = all.indexOf(document.activeElement as HTMLElement);
  all[(at + step + all.length) % all.length]?.focus();
  event.preventDefault();
}

export function Tabs<T extends string>({ label, tabs, chosen, onChoose }: TabsProps<T>) {
  return (
    <div class="tabs" role="tablist" aria-label={label} onKeyDown={moved}>
      {tabs.map(({ id, words, count, counted, calls }) => (
        <button
          key={id}
          role="tab"
          type="button"
          id={`tab-${id}`}
          aria-controls={`panel-${id}`}
          aria-selected={id === chosen}
          tabIndex={id === chosen ? 0 : -1}
          onClick={() => onChoose(id)}
        >
          {words}{' '}
          <span class={calls && count > 0 ? 'count calls' : 'count'}>
            {count}
            <span class="vh"> {counted}</span>
          </span>
        </button>
      ))}
    </div>
  );
}
