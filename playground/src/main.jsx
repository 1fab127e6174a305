// The GraphiQL page: the shop's examples as tabs, everything else as GraphiQL has it.
import './workers.js';
// graphiql/style.css in its parts, without the second copy of the editor's styles and without the Roboto font.
import '@graphiql/react/font/fira-code.css';
import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import 'graphiql/graphiql.css';
import './page.css';

import { useGraphiQL } from '@graphiql/react';
import { GraphiQL } from 'graphiql';
import { useEffect, useRef } from 'react';
import { createRoot } from 'react-dom/client';

import { loadExamples, tabProps } from './examples.js';
import { fetcher } from './fetcher.js';

/**
 * GraphiQL does not store headers unless asked to (they may hold a token), so a reloaded page would show an example
 * without the headers it needs. Gives them back, once per tab and only where the editor is empty.
 */
function ExampleHeaders({ examples }) {
  const tab = useGraphiQL((state) => state.tabs[state.activeTabIndex]);
  const editor = useGraphiQL((state) => state.headerEditor);
  const done = useRef(new Set());
  useEffect(() => {
    if (!editor || !tab || done.current.has(tab.id)) return;
    done.current.add(tab.id);
    const headers = examples.find((example) => example.query === tab.query)?.headers;
    if (headers && !editor.getValue().trim()) editor.setValue(headers);
  }, [editor, tab, examples]);
  return null;
}

function Page({ examples, props }) {
  return (
    <GraphiQL fetcher={fetcher} isHeadersEditorEnabled defaultEditorToolsVisibility {...props}>
      <GraphiQL.Logo>
        <a className="comptoir-logo" href="/graphiql">
          <img src={`${import.meta.env.BASE_URL}icon.svg`} alt="" width="20" height="20" /> Comptoir
        </a>
      </GraphiQL.Logo>
      <GraphiQL.Footer>
        <ExampleHeaders examples={examples} />
      </GraphiQL.Footer>
    </GraphiQL>
  );
}

const examples = await loadExamples();
createRoot(document.getElementById('root')).render(
  <Page examples={examples} props={tabProps(examples, globalThis.localStorage)} />,
);
