/** Units per side of a picture: all lengths of a scene are whole numbers of them. */
export const UNITS = 256;
