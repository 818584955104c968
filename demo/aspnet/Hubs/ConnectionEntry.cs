using System.Threading.Channels;
using HubshareDemo.Admin;
using HubshareDemo.Auth;
using Microsoft.AspNetCore.SignalR;

namespace HubshareDemo.Hubs;

/// <summary>
/// One live hub connection and the queue of events for it. The queue keeps the order of events whatever the transport does, and lets
/// a broadcast go on while one client is slow; a client that lets too much pile up is given up.
/// </summary>
public sealed class ConnectionEntry(HubConnectionContext connection, Counters counters)
{
    private const long MaxBufferedBytes = 16 * 1024 * 1024;

    private readonly Channel<OutgoingEvent> queue = Channel.CreateUnbounded<OutgoingEvent>(new UnboundedChannelOptions { SingleReader = true });
    private long bufferedBytes;
    private volatile Task newest = Task.CompletedTask;

    public HubConnectionContext Connection => connection;

    public string Id => connection.ConnectionId;

    public string? User => connection.UserIdentifier;

    /// <summary>The key under which its HTTP requests come. Null when the client skipped negotiation: it then has but one request.</summary>
    public string? ConnectionToken { get; } = connection.GetHttpContext()?.Request.Query["id"].FirstOrDefault();

    /// <summary>What the expiry watch has seen of this connection; nobody else touches it.</summary>
    public ExpiryState Expiry { get; } = new() { Principal = connection.User, TokenId = TokenClaims.TokenIdOf(connection.User) };

    /// <summary>Completes when the event has been handed to the transport, or when the connection has gone.</summary>
    public Task SendAsync(SerializedHubMessage message)
    {
        var bytes = message.GetSerializedMessage(connection.Protocol).Length;
        if (Interlocked.Add(ref bufferedBytes, bytes) > MaxBufferedBytes)
        {
            connection.Abort();
            return Task.CompletedTask;
        }

        var written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!queue.Writer.TryWrite(new OutgoingEvent(message, bytes, written)))
        {
            return Task.CompletedTask;
        }

        newest = written.Task;
        return written.Task;
    }

    /// <summary>Completes when every event that was queued before this call has been handed to the transport.</summary>
    public Task FlushAsync() => newest;

    public void EndQueue() => queue.Writer.TryComplete();

    public async Task RunQueueAsync()
    {
        await foreach (var outgoing in queue.Reader.ReadAllAsync())
        {
            if (!connection.ConnectionAborted.IsCancellationRequested)
            {
                counters.MessagesSent.Add();
                counters.BytesSent.Add(outgoing.Bytes);
                await connection.WriteAsync(outgoing.Message);
            }

            Interlocked.Add(ref bufferedBytes, -outgoing.Bytes);
            outgoing.Written.TrySetResult();
        }
    }
}
