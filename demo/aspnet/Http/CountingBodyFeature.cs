using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace HubshareDemo.Http;

/// <summary>Passes a response body on and counts its bytes.</summary>
public sealed class CountingBodyFeature(IHttpResponseBodyFeature inner) : IHttpResponseBodyFeature
{
    private CountingPipeWriter? writer;
    private Stream? stream;
    private long fileBytes;

    public IHttpResponseBodyFeature Inner => inner;

    public long Bytes => fileBytes + (writer?.Bytes ?? 0);

    public Stream Stream => stream ??= Writer.AsStream(leaveOpen: true);

    public PipeWriter Writer => writer ??= new CountingPipeWriter(inner.Writer);

    public void DisableBuffering() => inner.DisableBuffering();

    public Task StartAsync(CancellationToken cancellationToken = default) => inner.StartAsync(cancellationToken);

    public async Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default)
    {
        fileBytes += count ?? new FileInfo(path).Length - offset;
        await inner.SendFileAsync(path, offset, count, cancellationToken);
    }

    public Task CompleteAsync() => inner.CompleteAsync();
}
