namespace HubshareDemo.Hubs;

/// <summary>How a connection is ended from outside.</summary>
public enum CutStyle
{
    /// <summary>The transport is dropped without a goodbye, as a broken network would.</summary>
    Abort,

    /// <summary>A Close message that does not allow reconnecting.</summary>
    Close,

    /// <summary>A Close message that allows reconnecting.</summary>
    CloseReconnect,
}
