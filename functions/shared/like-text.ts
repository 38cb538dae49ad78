/** Text as a LIKE pattern that matches it literally: LIKE's special characters are escaped. */
export const likeText = (text: string) => text.replaceAll(/[\\%_]/g, (character) => `\\${character}`);
