// Sends text that is made piece by piece as a file. It is made only as fast as the browser takes it.

/** Answers with the pieces, to be kept under this name. */
export function sendText(
  pieces: AsyncGenerator<string>,
  { type, fileName }: { type: string; fileName: string },
): Response {
  return new Response(streamOf(pieces), {
    headers: { 'Content-Type': type, 'Content-Disposition': `attachment; filename="${fileName}"` },
  })
}

/** Reads on only as fast as the browser takes it, and stops reading when the browser goes away. */
function streamOf(pieces: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream({
    async pull(stream) {
      const { done, value } = await pieces.next()
      if (done) stream.close()
      else stream.enqueue(encoder.encode(value))
    },
    async cancel() {
      await pieces.return(undefined)
    },
  })
}
