/**
 * The families of bodies that come along.
 *
 * @module
 */

import { bodies } from "./body.ts";
import { ellipse } from "./ellipse.ts";
import { fourier } from "./fourier.ts";

bodies.add(fourier);
bodies.add(ellipse);

export { ellipse, fourier };
