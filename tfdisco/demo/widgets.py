"""Controls that gradio lacks: a pad for the light, and a drawer of many small sliders."""

import html

import gradio as gr

_PAD = """
<div class="caption">where the light comes from</div>
<div class="pad" tabindex="0" role="application"
     aria-label="Light, arrow keys move it; now ${value[0].toFixed(1)} to the right,
                 ${value[1].toFixed(1)} up">
  <div class="lamp" style="left: ${(50 + 50 * value[0]).toFixed(1)}%;
                           top: ${(50 - 50 * value[1]).toFixed(1)}%"></div>
</div>
"""
_PAD_STYLE = """
.caption { font-size: 0.85rem; margin-bottom: 0.3rem; color: var(--block-title-text-color); }
.pad { position: relative; width: 9rem; height: 9rem; border-radius: 0.5rem; cursor: crosshair;
       border: 1px solid var(--border-color-primary); touch-action: none;
       background: radial-gradient(circle, #d9d9d9 0, #8a8a8a 55%, #404040 71%); }
.pad:focus-visible { outline: 2px solid var(--color-accent); }
.lamp { position: absolute; width: 1.1rem; height: 1.1rem; margin: -0.55rem; border-radius: 50%;
        background: #ffd84d; border: 2px solid #333; pointer-events: none; }
"""
_PAD_SCRIPT = """
const place = (x, y) => {
  props.value = [x, y].map(value => Math.max(-1, Math.min(1, value)));
  trigger('input');
};
const follow = event => {
  const box = element.querySelector('.pad').getBoundingClientRect();
  place(2 * (event.clientX - box.left) / box.width - 1,
        1 - 2 * (event.clientY - box.top) / box.height);
};
element.addEventListener('pointerdown', event => {
  if (event.target.closest('.pad')) {
    event.target.setPointerCapture(event.pointerId);
    follow(event);
  }
});
element.addEventListener('pointermove', event => {
  if (event.target.hasPointerCapture(event.pointerId)) follow(event);
});
element.addEventListener('keydown', event => {
  const step = {ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.1],
                ArrowDown: [0, -0.1]}[event.key];
  if (step) {
    event.preventDefault();
    place(props.value[0] + step[0], props.value[1] + step[1]);
  }
});
"""

_DRAWER_STYLE = """
display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: 0.4rem 1rem;
label { font-size: 0.8rem; display: block; }
input { width: 100%; display: block; }
"""
_DRAWER_SCRIPT = """
const inputs = () => element.querySelectorAll('input');
element.addEventListener('input', () => {
  const weights = {};
  inputs().forEach(input => { if (+input.value) weights[input.name] = +input.value; });
  props.value = weights;
  trigger('input');
});
watch('value', () => inputs().forEach(input => { input.value = props.value[input.name] || 0; }));
"""


def light_pad():
    """A square whose value is [x, y], from -1 to 1, x to the right and y up; arrow keys work."""
    return gr.HTML([0.0, 0.0], html_template=_PAD, css_template=_PAD_STYLE,
                   js_on_load=_PAD_SCRIPT, min_width=170, elem_id='light')


def drawer(names):
    """A slider for each name; the value is {name: weight} of those that are not 0."""
    rows = ''.join(
        f'<label>{html.escape(name)}<input type="range" name="{html.escape(name)}" value="0" '
        'min="0" max="1" step="0.05"></label>'
        for name in names)
    return gr.HTML({}, html_template=rows, css_template=_DRAWER_STYLE,
                   js_on_load=_DRAWER_SCRIPT, elem_id='drawer')
