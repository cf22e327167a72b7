"""What is wrong, as one sentence on the page."""

import functools
import html
import logging

import gradio as gr

SECONDS = 8  # that it stays
UNEXPECTED = 'something went wrong here; the server has written down what'


def answering(function):
    """`function` whose errors are messages of the page, and the unexpected ones of the log."""
    @functools.wraps(function, updated=())
    def answer(*arguments):
        try:
            return function(*arguments)
        except gr.Error:
            raise
        except (ValueError, OSError, ImportError, FloatingPointError) as error:
            text = str(error).strip().splitlines()[0]
        except Exception:
            logging.exception('demo')
            text = UNEXPECTED
        # Gradio takes its messages for HTML.
        raise gr.Error(html.escape(text), duration=SECONDS, print_exception=False)
    return answer
