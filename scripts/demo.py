"""A page to play with a generator: sliders for everything, and the face beside them; and
a tab for photographs, whose faces it edits.

    python scripts/demo.py
    python scripts/demo.py --snapshot=runs/mine/generator.npz --port=8000

Needs `pip install 'tfdisco[demo]'`. Only this machine reaches the page, unless --host says
otherwise; then put a server that knows passwords and encryption in front of it.
"""

import signal
import sys
import threading

from absl import app, flags

from tfdisco.editing.face_generator import FaceGenerator
from tfdisco.editing.photo_editor import PhotoEditor
from tfdisco.perception.observe import Perception

FLAGS = flags.FLAGS
flags.DEFINE_string('snapshot', 'built-in', 'built-in, or a generator.npz of scripts/train.py.')
flags.DEFINE_string('reconstruction', 'built-in', 'The network that reads coefficients off '
                    'photographs.')
flags.DEFINE_string('host', '127.0.0.1', 'Address to listen at; 0.0.0.0 for all of this machine.')
flags.DEFINE_integer('port', 7860, 'To listen at; 0 for one that is free.', lower_bound=0,
                     upper_bound=65535)


def main(argv):
    """Serves until it is interrupted, or ends with one line that says what is wrong and status 1.
    """
    if len(argv) > 1:
        raise app.UsageError(f'expected flags only, got {argv[1:]}')
    try:
        from tfdisco.demo import page  # late: gradio is an extra
        from tfdisco.demo.retoucher import Retoucher
        from tfdisco.demo.studio import Studio
        faces = FaceGenerator.load(FLAGS.snapshot)
        demo = page.build(Studio(faces), Retoucher(faces.model, lambda: PhotoEditor(
            faces, Perception.load(faces.model, FLAGS.reconstruction))))
        url = page.launch(demo, FLAGS.host, FLAGS.port)
    except (ValueError, OSError, ImportError) as error:
        sys.exit(f'demo: {error}')
    print(f'demo: open {url}', flush=True)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()
    demo.close(verbose=False)


if __name__ == '__main__':
    app.run(main)
