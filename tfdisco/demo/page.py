"""The whole page and its server."""

import logging
import os
import socket

import gradio as gr

from tfdisco.demo import face_tab, photo_tab

QUEUE = 16  # requests that may wait; more are told that it is full
LARGEST_FILE = '10mb'  # of an upload
SESSIONS = 64  # visitors that are remembered
CLEARED, KEPT = 600, 3600  # seconds between two looks for uploads older than that
# Nothing is fetched from elsewhere.
_THEME = gr.themes.Default(font=['system-ui', 'sans-serif'], font_mono=['monospace'])
_STYLE = """
.gradio-container { max-width: 1100px !important; overflow: visible !important; }
.pictures { position: sticky; top: 0; align-self: flex-start; z-index: 5;
            background: var(--body-background-fill); }
.faces { display: grid; grid-template-columns: 2fr 1fr; gap: 0.4rem; align-items: start; }
.faces figure { margin: 0; }
.faces figure:first-child { grid-row: span 2; }
.faces img { width: 100%; aspect-ratio: 1; margin: 0; border-radius: 0.4rem; }
.faces figcaption { font-size: 0.75rem; line-height: 1.2; min-height: 2.4em; margin: 0.1rem 0; }
@media (max-width: 640px) {
  .faces { grid-template-columns: repeat(3, 1fr); }
  .faces figure:first-child { grid-row: span 1; }
}
.photographs { display: grid; gap: 0.4rem; align-items: start;
               grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); }
.photographs figure, .sheet figure { margin: 0; }
.photographs img, .sheet img { width: 100%; margin: 0; border-radius: 0.4rem; }
.photographs figcaption, .sheet figcaption { font-size: 0.75rem; }
.receipt { font-size: 0.8rem; overflow-x: auto; }
.receipt table { width: 100%; margin: 0.5rem 0; border-collapse: collapse; }
.receipt caption { text-align: left; font-weight: bold; }
.receipt th, .receipt td { text-align: left; padding: 0.1rem 0.4rem;
                           border-bottom: 1px solid var(--border-color-primary); }
.files { display: flex; gap: 0.5rem; margin: 0.5rem 0; }
.files a { padding: 0.2rem 0.8rem; border-radius: 0.4rem; text-decoration: none;
           background: var(--button-secondary-background-fill);
           color: var(--button-secondary-text-color); }
"""


def build(studio, retoucher):
    """The page of a `studio.Studio` and a `retoucher.Retoucher`, a `gr.Blocks`."""
    with gr.Blocks(title='tfdisco', analytics_enabled=False,
                   delete_cache=(CLEARED, KEPT)) as page:
        with gr.Tabs():
            with gr.Tab('Face'):
                gr.Markdown('Faces of people who do not exist')
                load = face_tab.build(studio)
            with gr.Tab('Photograph'):
                gr.Markdown('Faces of a photograph, which stays on this server for about an hour')
                photo_tab.build(retoucher)
        load(page)
    return page.queue(max_size=QUEUE, default_concurrency_limit=1, api_open=False)


def launch(page, host='127.0.0.1', port=7860):
    """Starts the server of a page in threads of its own.

    Args:
      page: of `build`.
      host: address to listen at; the default is reached from this machine alone.
      port: 0 for any that is free.

    Returns:
      Its URL. `page.close()` ends it.

    Raises:
      OSError: if the port is taken.
    """
    os.environ['GRADIO_ANALYTICS_ENABLED'] = 'False'  # it would ask for versions elsewhere
    logging.getLogger('httpx').setLevel(logging.WARNING)  # gradio asks itself whether it runs
    _, url, _ = page.launch(
        server_name=host, server_port=port or free_port(host), prevent_thread_lock=True,
        quiet=True, share=False, inbrowser=False, show_error=False, max_file_size=LARGEST_FILE,
        allowed_paths=[], state_session_capacity=SESSIONS, enable_monitoring=False,
        ssr_mode=False, run_history=False, footer_links=[], theme=_THEME, css=_STYLE)
    return url


def free_port(host):
    """The number of a port of `host` that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]
